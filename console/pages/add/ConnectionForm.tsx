import type { Json } from '../../../client/generated.ts';
import { Button } from '../../ui/Button.tsx';
import { granted } from './beginConnect.ts';
import type { ConnectionFields } from './connectionDraft.ts';
import { SchemaForm } from './SchemaForm.tsx';

type Values = Readonly<Record<string, Json>>;

interface CredentialsFormProps {
  readonly fields: ConnectionFields;
  readonly method: string;
  readonly onMethod: (method: string) => void;
  readonly values: Values;
  readonly onChange: (values: Values) => void;
  readonly errors: Readonly<Record<string, string>>;
  /** Begins to connect in the browser, for connectors that know it. */
  readonly onConnect?: (() => void) | undefined;
}

const isEmpty = (value: Json | undefined): boolean => value === undefined || value === '';

/** How to sign in at the source, and what with. */
export function CredentialsForm(props: CredentialsFormProps) {
  const { fields, method, onMethod, values, onChange, errors, onConnect } = props;
  const chosen = fields.methods.find(({ name }) => name === method) ?? fields.methods[0];
  if (chosen === undefined) return null;
  const connects = onConnect !== undefined && chosen.name === 'oauth2';
  const asked = connects ? chosen.fields.filter(({ name }) => !granted.has(name)) : chosen.fields;
  const isLacking = asked.some(({ name, required }) => required && isEmpty(values[name]));
  return (
    <fieldset className="stack">
      <legend>Sign in</legend>
      {fields.methods.length > 1 && (
        <div className="buttons">
          {fields.methods.map(({ name, title }) => (
            <label key={name} className="checkbox">
              <input
                type="radio"
                name="auth-method"
                checked={name === chosen.name}
                onChange={() => onMethod(name)}
              />
              <span>{title}</span>
            </label>
          ))}
        </div>
      )}
      <SchemaForm
        key={chosen.name}
        fields={asked}
        values={values}
        onChange={onChange}
        errors={errors}
        at="/credentials"
      />
      {connects && (
        <div>
          <Button kind="primary" disabled={isLacking} onClick={onConnect}>
            Connect in the browser
          </Button>
        </div>
      )}
      <p className="faint">Stored in AWS Secrets Manager. Never shown again, not even here.</p>
    </fieldset>
  );
}
