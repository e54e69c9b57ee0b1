import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { restApiBehaviour, restApiStreams } from './rest_api/restApiBehaviour.ts';
import {
  type RestApiConfig,
  type RestApiCredentials,
  restApiConfig,
  restApiCredentials,
} from './rest_api/restApiConfig.ts';

export default defineRestConnector<RestApiConfig, RestApiCredentials>({
  name: 'rest_api',
  title: 'REST API',
  description: 'Lists of any HTTP API that answers JSON, described by its configuration.',
  docs: 'https://www.rfc-editor.org/rfc/rfc9110',
  labels: ['saas'],
  authMethods: [
    { name: 'none', title: 'Without credentials', fields: [] },
    { name: 'token', title: 'Token, as bearer, in a header or in a parameter', fields: ['token'] },
    { name: 'password', title: 'User name and password', fields: ['username', 'password'] },
    { name: 'oauth2', title: 'OAuth, as a client', fields: ['clientId', 'clientSecret'] },
    {
      name: 'oauth2',
      title: 'OAuth, with a refresh token',
      fields: ['clientId', 'clientSecret', 'refreshToken'],
    },
  ],
  config: restApiConfig,
  credentials: restApiCredentials,
  behaviour: restApiBehaviour,
  streams: {
    ask: async ({ context }) => restApiStreams(context.config),
    incremental: true,
    dateRanges: true,
  },
});
