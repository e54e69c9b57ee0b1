import { useState } from 'react';
import type { Json } from '../../../client/generated.ts';
import { Field, Select } from '../../ui/Field.tsx';
import { type FormField, parseTyped, typedOf } from './schema.ts';

type Values = Readonly<Record<string, Json>>;

interface SchemaFormProps {
  readonly fields: readonly FormField[];
  readonly values: Values;
  readonly onChange: (values: Values) => void;
  /** By JSON pointer; `at` is where these fields are, e.g. `/config`. */
  readonly errors: Readonly<Record<string, string>>;
  readonly at: string;
}

/** As many that may be left alone are shown when nothing else is asked. */
const fewFields = 3;

/** A control for each field that a connector’s schema names; those that may be left alone are folded away. */
export function SchemaForm({ fields, values, onChange, errors, at }: SchemaFormProps) {
  const isSettled = ({ required, secret, name }: FormField): boolean =>
    !required && !secret && errors[`${at}/${name}`] === undefined;
  const main = fields.filter((field) => !isSettled(field));
  const more = fields.filter(isSettled);
  const control = (field: FormField) => (
    <SchemaField
      key={field.name}
      field={field}
      value={values[field.name]}
      error={errors[`${at}/${field.name}`]}
      onChange={(value) => {
        const { [field.name]: _, ...rest } = values;
        onChange(value === undefined ? rest : { ...rest, [field.name]: value });
      }}
    />
  );
  return (
    <div className="stack">
      {main.map(control)}
      {more.length > 0 && (
        <details
          className="more"
          open={(main.length === 0 && more.length <= fewFields) || undefined}
        >
          <summary>More settings ({more.length})</summary>
          <div className="stack">{more.map(control)}</div>
        </details>
      )}
    </div>
  );
}

interface SchemaFieldProps {
  readonly field: FormField;
  readonly value: Json | undefined;
  readonly error: string | undefined;
  readonly onChange: (value: Json | undefined) => void;
}

function SchemaField({ field, value, error, onChange }: SchemaFieldProps) {
  const { control, required, secret, default: otherwise } = field;
  const [typed, setTyped] = useState(() => typedOf(field, value));
  const [wrong, setWrong] = useState<string>();
  const change = (next: string): void => {
    setTyped(next);
    try {
      onChange(parseTyped(field, next));
      setWrong(undefined);
    } catch (caught) {
      setWrong(caught instanceof Error ? caught.message : String(caught));
    }
  };
  const placeholder = otherwise === undefined ? undefined : typedOf(field, otherwise);
  return (
    <Field label={field.title} required={required} hint={field.description} error={wrong ?? error}>
      {(ids) => {
        if (control.kind === 'choice' || control.kind === 'flag') {
          const options = control.kind === 'flag' ? ['true', 'false'] : control.options;
          const named = (option: string): string =>
            control.kind === 'flag' ? (option === 'true' ? 'Yes' : 'No') : option;
          const left =
            otherwise === undefined ? 'Not set' : `${named(String(otherwise))} (default)`;
          return (
            <Select
              {...ids}
              value={typed}
              onChange={change}
              options={[
                ...(required && otherwise === undefined && typed !== ''
                  ? []
                  : [{ value: '', label: left }]),
                ...options.map((option) => ({ value: option, label: named(option) })),
              ]}
            />
          );
        }
        const common = {
          ...ids,
          className: 'input',
          value: typed,
          placeholder,
          autoComplete: secret ? 'new-password' : 'off',
          spellCheck: false,
        };
        if (['lines', 'json', 'list', 'pairs'].includes(control.kind))
          return (
            <textarea
              {...common}
              rows={control.kind === 'json' ? 10 : 3}
              onChange={(event) => change(event.target.value)}
            />
          );
        return (
          <input
            {...common}
            type={control.kind === 'number' ? 'number' : secret ? 'password' : 'text'}
            {...(control.kind === 'number'
              ? { min: control.min, max: control.max, step: control.step }
              : {})}
            onChange={(event) => change(event.target.value)}
          />
        );
      }}
    </Field>
  );
}
