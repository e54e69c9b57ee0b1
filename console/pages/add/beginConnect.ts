import type { Client, Json } from '../../../client/generated.ts';

/** Where vendors send people back to; apps at vendors have to know it. */
export const connectedPath = '/connected';

/** The source that is being added by connecting it: in use as soon as somebody comes back. */
const draftKey = 'headgate.draft';
export const keepDraft = (id: string): void => sessionStorage.setItem(draftKey, id);
/** Answers it once. */
export function takeDraft(): string | null {
  const id = sessionStorage.getItem(draftKey);
  sessionStorage.removeItem(draftKey);
  return id;
}

/** Credentials that the vendor hands out when a person agrees: nobody is asked for them before. */
export const granted: ReadonlySet<string> = new Set(['refreshToken', 'accessToken']);

/** Leaves for the vendor, where the person agrees. `credentials` are those of the team’s app. */
export async function beginConnect(
  client: Client,
  source: string,
  credentials: Readonly<Record<string, Json>>,
): Promise<void> {
  const app = Object.fromEntries(
    Object.entries(credentials).filter(([name]) => !granted.has(name)),
  );
  const { url } = await client.connectOAuth({
    body: { source, credentials: app, redirectUri: `${location.origin}${connectedPath}` },
  });
  location.href = url;
}
