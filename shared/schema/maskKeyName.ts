/** Name of the secret with a tenant's key of hashed columns, below the tenant's prefix; no id of a source looks like it. */
export const maskKeyName = 'masking-key';
