import { resolve } from 'node:path';

/** What a local Headgate is told by its environment. */
export interface HomeSettings {
  readonly home: string;
  readonly port: number;
  readonly awsPort: number;
  readonly token?: string;
  readonly handleSignals: true;
}

/**
 * HEADGATE_PORT (8787), HEADGATE_HOME (.headgate), HEADGATE_TOKEN (generated and kept), HEADGATE_AWS_PORT (one above
 * HEADGATE_PORT). Port 0 is any free one. Throws an error that names the variable that is wrong.
 */
export function homeSettings(
  variables: Readonly<Record<string, string | undefined>>,
): HomeSettings {
  const port = portIn(variables, 'HEADGATE_PORT', 8787);
  const token = variables['HEADGATE_TOKEN'] ?? '';
  if (!/^[\x21-\x7e]*$/.test(token))
    throw new Error('HEADGATE_TOKEN must be printable characters without spaces');
  return {
    home: resolve(variables['HEADGATE_HOME'] || '.headgate'),
    port,
    awsPort: portIn(variables, 'HEADGATE_AWS_PORT', port === 0 ? 0 : port + 1),
    handleSignals: true,
    ...(token === '' ? {} : { token }),
  };
}

function portIn(
  variables: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
): number {
  const text = variables[name] ?? '';
  if (text === '') return otherwise;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new Error(`${name} must be a port number, not ${text}`);
  return Number(text);
}
