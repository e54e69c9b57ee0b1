import type { InputHTMLAttributes, ReactNode } from 'react';
import { Field } from './Field.tsx';

interface TextFieldProps
  extends Pick<
    InputHTMLAttributes<HTMLInputElement>,
    'type' | 'min' | 'step' | 'maxLength' | 'spellCheck'
  > {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  readonly required?: boolean;
  /** For what is typed letter by letter: keys, expressions. */
  readonly mono?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A line of text, a number or a date with its label, help and what is wrong with it. */
export const TextField = ({
  label,
  hint,
  error,
  required = false,
  mono = false,
  onChange,
  ...input
}: TextFieldProps) => (
  <Field label={label} hint={hint} error={error} required={required}>
    {(ids) => (
      <input
        {...input}
        {...ids}
        className={mono ? 'input mono' : 'input'}
        required={required}
        onChange={(event) => onChange(event.target.value)}
      />
    )}
  </Field>
);
