import type { Client, Json } from '../../../client/generated.ts';

/** Where vendors send people back to; apps at vendors have to know it. */
export const connectedPath = '/connected';

/** Leaves for the vendor, where the person agrees. `credentials` are those of the team’s app. */
export async function beginConnect(
  client: Client,
  source: string,
  credentials: Readonly<Record<string, Json>>,
): Promise<void> {
  const { refreshToken: _, ...app } = credentials;
  const { url } = await client.connectOAuth({
    body: { source, credentials: app, redirectUri: `${location.origin}${connectedPath}` },
  });
  location.href = url;
}
