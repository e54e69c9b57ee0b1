import type { RestAuth } from '../../shared/connectors/rest/restAuth.ts';
import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';
import type { Place } from '../../shared/connectors/rest/restRequest.ts';
import type { RestBehaviour, RestStreams } from '../../shared/connectors/rest/restSpec.ts';
import type { RestStream } from '../../shared/connectors/rest/restStream.ts';
import type { Text } from '../../shared/connectors/rest/texts.ts';
import { cursorColumn, otherFields } from './checkedSettings.ts';
import type { RestApiConfig, RestApiCredentials } from './restApiConfig.ts';
import type { StreamSettings } from './streamSettings.ts';
import type { Parameter, SecretOrText } from './values.ts';

type Column = NonNullable<StreamSettings['columns']>[number];
type Words = Text<RestApiConfig, RestApiCredentials>;

/** How a configuration asks its source. */
export const restApiBehaviour = (
  config: RestApiConfig,
): RestBehaviour<RestApiConfig, RestApiCredentials> => ({
  baseUrl: config.baseUrl.replace(/\/+$/, ''),
  auth: [authOf(config.auth)],
  limits: [{ name: 'requests', ...config.limit }],
  checks: [],
  samples: true,
  ...(config.errorMessage === undefined ? {} : { errorMessage: config.errorMessage }),
});

function authOf(auth: RestApiConfig['auth']): RestAuth<RestApiConfig, RestApiCredentials> {
  switch (auth.kind) {
    case 'none':
      return { kind: 'none' };
    case 'bearer':
      return { kind: 'bearer', token: 'token' };
    case 'basic':
      return {
        kind: 'basic',
        user: { credential: 'username' },
        password: { credential: 'password' },
      };
    case 'header':
      return { kind: 'header', name: auth.name, prefix: auth.prefix, value: 'token' };
    case 'query':
      return { kind: 'query', name: auth.name, value: 'token' };
    case 'oauth':
      return {
        kind: 'oauth',
        grant: auth.grant,
        tokenUrl: auth.tokenUrl,
        clientAuth: auth.clientAuth,
        clientId: 'clientId',
        clientSecret: 'clientSecret',
        refreshToken: 'refreshToken',
        lifetimeSeconds: 3600,
        ...(auth.scope === undefined ? {} : { scope: auth.scope }),
      };
  }
}

/** The streams of a configuration by their names. */
export const restApiStreams = ({
  streams,
  headers,
}: RestApiConfig): RestStreams<RestApiConfig, RestApiCredentials> =>
  Object.fromEntries(streams.map((stream) => [stream.name, streamOf(stream, headers)]));

function streamOf(
  settings: StreamSettings,
  headers: RestApiConfig['headers'],
): RestStream<RestApiConfig, RestApiCredentials> {
  const { primaryKey, columns, cursor, parent, records, paging, pageSize, method, body } = settings;
  const cursorField = cursorColumn(settings);
  return {
    primaryKey,
    columns:
      columns === undefined
        ? null
        : [
            ...columns.map(columnOf),
            ...(parent === undefined ? [] : [{ name: parent.column, type: 'string' } as const]),
          ],
    ...(columns === undefined ? {} : { others: otherFields }),
    captures: cursor === undefined ? 'snapshot' : 'changes',
    deletes: 'none',
    ...(primaryKey.length > 0 && paging.kind !== 'none' ? { repeats: true } : {}),
    ...(cursorField === null ? {} : { cursorField }),
    pages: {
      method,
      path: settings.path,
      // Of each request, because one whose secret is missing must fail and not go without it.
      headers: textsOf(headers),
      query: textsOf(settings.query),
      ...(body === undefined ? {} : { body }),
      records,
      ...(settings.leavesOutEmpty ? { leavesOutEmpty: true } : {}),
      paging: pagingOf(paging),
      ...(pageSize === undefined
        ? {}
        : { size: { to: placeOf(pageSize.to), records: pageSize.records } }),
    },
    ...(cursor === undefined
      ? {}
      : {
          changes: {
            kind: 'window',
            time: cursor.field,
            format: cursor.format,
            from: placeOf(cursor.from),
            ...(cursor.to === undefined ? {} : { to: placeOf(cursor.to) }),
            order: cursor.order,
            lagSeconds: cursor.lagSeconds,
            overlapSeconds: primaryKey.length === 0 ? 0 : cursor.overlapSeconds,
          },
        }),
    ...(parent === undefined ? {} : { parent }),
  };
}

function pagingOf(
  paging: StreamSettings['paging'],
): RestStream<RestApiConfig, RestApiCredentials>['pages']['paging'] {
  switch (paging.kind) {
    case 'token':
    case 'lastKey': {
      const { to, more, ...rest } = paging;
      return { ...rest, to: placeOf(to), ...(more === undefined ? {} : { more }) };
    }
    case 'offset':
    case 'page':
      return { ...paging, to: placeOf(paging.to) };
    default:
      return paging;
  }
}

const placeOf = ({ in: where, name }: Parameter): Place =>
  where === 'query' ? { query: name } : where === 'header' ? { header: name } : { body: name };

/** References become paths into the credentials. */
const textsOf = (values: Readonly<Record<string, SecretOrText>>): Record<string, Words> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string'
        ? value
        : ({ credential: `secrets.${value.secret}` } as unknown as Words),
    ]),
  );

const columnOf = ({ name, type, from, format }: Column): RestColumn => ({
  name,
  type,
  ...(from === undefined ? {} : { from }),
  ...(format === undefined ? {} : { format }),
});
