import type { Settings } from './settings.ts';

/** For functions that check who signed in. */
export const peopleEnvironment = ({
  oidc,
  allowedAddresses,
}: Settings): { readonly OIDC_PROVIDERS: string; readonly ALLOWED_ADDRESSES: string } => ({
  OIDC_PROVIDERS: oidc,
  ALLOWED_ADDRESSES: allowedAddresses.join(','),
});
