import { randomBytes } from 'node:crypto';
import type { Json } from '../../shared/json.ts';
import type { Answer, SimulatedRequest } from './simulator.ts';

export interface CodeEndpoint {
  /** Agrees, as a person would in the browser, to what an authorization address asks for. */
  agree(address: string): { readonly state: string; readonly code: string };
  /** What the token endpoint says to a code. */
  answer(request: SimulatedRequest): Answer;
}

/** Trades codes for tokens, without PKCE: for this client, to the address that was agreed to, each once. */
export function codeEndpoint(options: {
  /** Where people agree. */
  readonly authorizeUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** Further fields that the request must have. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly tokens: Json;
}): CodeEndpoint {
  const codes = new Map<string, string>();
  const refuse = (status: number, error: string): Answer => ({ status, body: { error } });
  return {
    agree(address) {
      const url = new URL(address);
      const of = (name: string): string => url.searchParams.get(name) ?? '';
      if (`${url.origin}${url.pathname}` !== options.authorizeUrl)
        throw new Error(`nobody agrees at ${url.origin}${url.pathname}`);
      if (of('client_id') !== options.clientId || of('response_type') !== 'code')
        throw new Error('the vendor does not know this app');
      if (of('scope') !== (options.scope ?? '')) throw new Error('the vendor wants another scope');
      const code = `code-canary-${randomBytes(8).toString('hex')}`;
      codes.set(code, of('redirect_uri'));
      return { state: of('state'), code };
    },
    answer({ text }) {
      const fields = new URLSearchParams(text);
      const code = fields.get('code') ?? '';
      const redirectUri = codes.get(code);
      codes.delete(code);
      if (
        fields.get('client_id') !== options.clientId ||
        fields.get('client_secret') !== options.clientSecret
      )
        return refuse(401, 'invalid_client');
      if (redirectUri === undefined || redirectUri !== fields.get('redirect_uri'))
        return refuse(400, 'invalid_grant');
      const wrong = Object.entries(options.fields ?? {}).some(
        ([name, value]) => fields.get(name) !== value,
      );
      return wrong ? refuse(400, 'invalid_request') : { body: options.tokens };
    },
  };
}
