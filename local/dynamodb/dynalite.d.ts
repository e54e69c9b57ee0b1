/** The parts of dynalite 4.0.0 that are used: request validation, expression parsers, key encoding. */
declare module 'dynalite/validations/index.js' {
  const validations: {
    checkTypes(data: object, types: Record<string, unknown>): Record<string, unknown>;
    /** Throws an error with `body: { __type, message }`; leaves parsed expressions in `data._…`. */
    checkValidations(
      data: Record<string, unknown>,
      types: Record<string, unknown>,
      custom: unknown,
      store: { readonly options: { readonly maxItemSize: number } },
    ): void;
  };
  export default validations;
}

declare module 'dynalite/db/index.js' {
  interface KeyElement {
    readonly AttributeName: string;
  }
  interface Keyed {
    readonly KeySchema: readonly KeyElement[];
    readonly AttributeDefinitions: readonly {
      readonly AttributeName: string;
      readonly AttributeType: string;
    }[];
  }
  type Failure = Error & { readonly body: { readonly __type: string; readonly message: string } };
  const db: {
    validateKey(key: object, table: Keyed, keySchema?: readonly KeyElement[]): Failure | undefined;
    validateItem(item: object, table: Keyed): Failure | undefined;
    validateUpdates(
      attributeUpdates: undefined,
      updates: object | undefined,
      table: Keyed,
    ): Failure | undefined;
    validateKeyPaths(nestedPaths: object | undefined, table: Keyed): Failure | undefined;
    createKey(item: object, table: Keyed, keySchema?: readonly KeyElement[]): string;
    hashPrefix(value: string, type: string): string;
    toRangeStr(value: string, type: string): string;
  };
  export default db;
}

declare module 'dynalite/validations/*.js' {
  const validation: { readonly types: Record<string, unknown>; readonly custom?: unknown };
  export default validation;
}
