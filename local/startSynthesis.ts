import { cachedBuild } from './cachedBuild.ts';
import { developmentIssuer } from './lambda/functionEnvironment.ts';

/** The settings of the embedded Headgate; everything else is as deployed. */
const settings = [
  'stage=local',
  // Sources on this machine may be read.
  'allowedAddresses=127.0.0.0/8,::1/128',
  // Nobody else uses this machine's quota; requests wait instead of being throttled.
  'apiConcurrency=0',
  // The development issuer, whatever port it gets.
  `oidc=${JSON.stringify([
    {
      id: 'development',
      title: 'the development issuer',
      issuer: developmentIssuer,
      clientId: 'headgate',
      tenantClaim: 'tenant',
    },
  ])}`,
];

/**
 * Answers the folder of the synthesised application, made by the same program that a deployment runs. It lies inside
 * of the project, so that bundles find DuckDB for this machine in the project's packages.
 * Throws with what the synthesis printed when it fails.
 */
export const synthesise = (root: string, signal: AbortSignal): Promise<string> =>
  cachedBuild({
    root,
    name: 'assemblies',
    inputs: '{infra,functions,connectors,shared}/**/*.{ts,mjs,json}',
    files: ['cdk.json', 'package-lock.json', 'tsconfig.json'],
    settings,
    holds: 'manifest.json',
    program: (output) => [
      'infra/app.ts',
      '--quick',
      '--output',
      output,
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    what: 'synthesising the application',
    signal,
  });
