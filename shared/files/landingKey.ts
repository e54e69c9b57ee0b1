import { landingPrefix } from './fileItem.ts';

export interface LandingPlace {
  readonly tenant: string;
  readonly sourceId: string;
  readonly name: string;
}

/** Names that tools leave behind and nobody means as data: folders, hidden files, markers of finished jobs. */
const notData = /(^|\/)(\.|_)|\/$/;

/** Longer ones fit no key of the table; S3's own limit is 1,024 bytes for the whole key. */
const mostNameBytes = 900;

/** Where in the landing bucket a key lies; null for anything that is not a dropped file. */
export function parseLandingKey(key: string): LandingPlace | null {
  const [, tenant, sourceId, name] = /^landing\/([^/]+)\/([^/]+)\/(.+)$/.exec(key) ?? [];
  if (tenant === undefined || sourceId === undefined || name === undefined) return null;
  if (notData.test(name) || Buffer.byteLength(name) > mostNameBytes) return null;
  return { tenant, sourceId, name };
}

export const landingKey = ({ tenant, sourceId, name }: LandingPlace): string =>
  `${landingPrefix(tenant, sourceId)}${name}`;
