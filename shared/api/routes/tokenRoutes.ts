import * as z from 'zod';
import type { Route } from '../route.ts';
import { auditEntry, auditFilters } from '../schemas/audit.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { redeemSignIn, signInToken, signInWays } from '../schemas/signIn.ts';
import { createdToken, createToken, me, token } from '../schemas/token.ts';

export const tokenRoutes = [
  {
    operationId: 'getSignInWays',
    method: 'GET',
    path: '/v1/sign-in',
    function: 'apiTokens',
    role: 'viewer',
    public: true,
    summary: 'Where people sign in',
    description:
      'Send the person to `authorizationEndpoint` with response_type=code, PKCE (S256), state and nonce; then `POST /v1/sign-in`.',
    responses: { 200: signInWays },
    errors: [],
  },
  {
    operationId: 'redeemSignIn',
    method: 'POST',
    path: '/v1/sign-in',
    function: 'apiTokens',
    role: 'viewer',
    public: true,
    summary: 'Trade an authorization code for a bearer token',
    body: redeemSignIn,
    responses: { 200: signInToken },
    errors: ['unauthorized', 'not_found', 'unsupported_media_type'],
  },
  {
    operationId: 'getMe',
    method: 'GET',
    path: '/v1/me',
    function: 'apiTokens',
    role: 'viewer',
    summary: 'Whose token this is and what it may do',
    responses: { 200: me },
    errors: [],
  },
  {
    operationId: 'createToken',
    method: 'POST',
    path: '/v1/tokens',
    function: 'apiTokens',
    role: 'admin',
    summary: 'Make a token; it is shown this once',
    body: createToken,
    responses: { 201: createdToken },
    errors: ['unsupported_media_type', 'not_found'],
  },
  {
    operationId: 'listTokens',
    method: 'GET',
    path: '/v1/tokens',
    function: 'apiTokens',
    role: 'admin',
    summary: 'List tokens, oldest first; never their values',
    query: z.strictObject(pageQuery),
    responses: { 200: pageOf(token) },
    errors: [],
  },
  {
    operationId: 'revokeToken',
    method: 'DELETE',
    path: '/v1/tokens/{tokenId}',
    function: 'apiTokens',
    role: 'admin',
    summary: 'Revoke a token',
    params: z.strictObject({ tokenId: z.string().min(1).max(64) }),
    responses: { 204: null },
    errors: ['not_found'],
  },
  {
    operationId: 'listAudit',
    method: 'GET',
    path: '/v1/audit',
    function: 'apiTokens',
    role: 'admin',
    summary: 'Who changed what, newest first',
    description:
      'A page may hold fewer entries than `limit` although there are more: then few match the filters.',
    query: z.strictObject({ ...pageQuery, ...auditFilters }),
    responses: { 200: pageOf(auditEntry) },
    errors: [],
  },
] as const satisfies readonly Route[];
