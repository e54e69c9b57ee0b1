import type { Connector, Json } from '../../../client/generated.ts';
import { type FormField, fieldsOf } from './schema.ts';

type Values = Readonly<Record<string, Json>>;

/** What a form for a connection asks: the configuration, and what signs in by each method. */
export interface ConnectionFields {
  readonly config: readonly FormField[];
  readonly methods: readonly {
    readonly name: string;
    readonly title: string;
    readonly fields: readonly FormField[];
  }[];
}

/** Methods without fields ask for nothing and are left out. */
export function connectionFields({
  configSchema,
  credentialsSchema,
  authMethods,
}: Pick<Connector, 'configSchema' | 'credentialsSchema' | 'authMethods'>): ConnectionFields {
  const all = fieldsOf(credentialsSchema);
  const methods = authMethods
    .map(({ name, title, fields }) => ({
      name,
      title,
      fields: all
        .filter((field) => fields.includes(field.name))
        // Which fields a method needs is told by the method, as the schema has all of them.
        .map((field) => ({ ...field, required: true })),
    }))
    .filter(({ fields }) => fields.length > 0);
  // Fields of no method go with each.
  const rest = all.filter(({ name }) => !authMethods.some(({ fields }) => fields.includes(name)));
  return {
    config: fieldsOf(configSchema),
    methods:
      methods.length === 0 && rest.length > 0
        ? [{ name: 'fields', title: 'Credentials', fields: rest }]
        : methods.map((method) => ({ ...method, fields: [...method.fields, ...rest] })),
  };
}

/** Only what the chosen method asks for is sent. */
export function credentialsOf(
  { methods }: ConnectionFields,
  method: string,
  values: Values,
): Values | undefined {
  const chosen = methods.find(({ name }) => name === method) ?? methods[0];
  if (chosen === undefined) return undefined;
  return Object.fromEntries(
    chosen.fields.flatMap(({ name }) => {
      const value = values[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** Files are brought to it, by upload or into its folder; there is nothing to connect to. */
export const takesUploads = ({
  fileTypes,
  authMethods,
}: Pick<Connector, 'fileTypes' | 'authMethods'>): boolean =>
  fileTypes.length > 0 && authMethods.every(({ fields }) => fields.length === 0);
