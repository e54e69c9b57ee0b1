import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Answer, Route, SimulatedRequest } from './simulator.ts';

export interface TokenEndpointOptions {
  readonly clock: Clock;
  readonly path: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The refresh token that works at first. */
  readonly refreshToken: string;
  /** Every refresh hands out another refresh token; one that is used again ends the connection. */
  readonly rotates: boolean;
  readonly lifetimeSeconds: number;
  /** Whether the answer tells it. */
  readonly tellsLifetime?: boolean;
  /** Further fields of the answer. */
  readonly answer?: Readonly<Record<string, string>>;
  /** For assertions. */
  readonly publicKey?: string;
  readonly audience?: string;
}

/** An OAuth token endpoint that knows what it handed out. */
export interface TokenEndpoint {
  readonly route: Route;
  /** Whether this access token is live. */
  accepts(authorization: string | null): boolean;
  /** Ends all access tokens, as an administrator or an idle session would. */
  expireAll(): void;
  readonly issued: readonly string[];
  /** How often a refresh token came that had been used up. */
  reuses(): number;
}

const refusal = (status: number, error: string): Answer => ({
  status,
  body: { error, error_description: `refused: ${error}` },
});

export function tokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { clock, lifetimeSeconds } = options;
  const live = new Map<string, number>();
  const issued: string[] = [];
  let current = options.refreshToken;
  const used = new Set<string>();
  let reuses = 0;
  let revoked = false;

  const clientOf = (request: SimulatedRequest, fields: URLSearchParams): string => {
    const basic = request.headers.get('authorization')?.replace('Basic ', '');
    return basic === undefined || basic === null
      ? `${fields.get('client_id')}:${fields.get('client_secret')}`
      : Buffer.from(basic, 'base64').toString();
  };

  function grant(request: SimulatedRequest): Answer {
    const fields = new URLSearchParams(request.text);
    const type = fields.get('grant_type');
    if (type === 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return isSigned(fields.get('assertion') ?? '') ? issue() : refusal(400, 'invalid_grant');
    if (clientOf(request, fields) !== `${options.clientId}:${options.clientSecret}`)
      return refusal(401, 'invalid_client');
    if (type === 'client_credentials') return issue();
    const token = fields.get('refresh_token') ?? '';
    if (used.has(token)) {
      reuses += 1;
      revoked = true;
      live.clear();
    }
    if (revoked || token !== current) return refusal(400, 'invalid_grant');
    if (!options.rotates) return issue();
    used.add(current);
    current = `refresh-canary-${issued.length + 1}-${Math.abs(hash(current))}`;
    return issue({ refresh_token: current });
  }

  function issue(more: Record<string, string> = {}): Answer {
    const token = `access-canary-${issued.length + 1}`;
    issued.push(token);
    live.set(token, clock.now().getTime() + lifetimeSeconds * 1000);
    return {
      body: {
        access_token: token,
        token_type: 'Bearer',
        ...(options.tellsLifetime === false ? {} : { expires_in: lifetimeSeconds }),
        ...options.answer,
        ...more,
      },
    };
  }

  function isSigned(assertion: string): boolean {
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    if (options.publicKey === undefined) return false;
    const key: KeyObject = createPublicKey(options.publicKey);
    const isGood = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      key,
      Buffer.from(signature, 'base64url'),
    );
    const told = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    const now = clock.now().getTime() / 1000;
    return (
      isGood &&
      told['aud'] === options.audience &&
      Number(told['exp']) > now &&
      Number(told['exp']) <= now + 300
    );
  }

  return {
    route: { method: 'POST', path: options.path, open: true, undescribed: true, answer: grant },
    accepts: (authorization) => {
      const until = live.get(authorization?.replace('Bearer ', '') ?? '');
      return until !== undefined && until > clock.now().getTime();
    },
    expireAll: () => live.clear(),
    issued,
    reuses: () => reuses,
  };
}

const hash = (text: string): number =>
  [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);
