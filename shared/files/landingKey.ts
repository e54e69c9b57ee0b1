import { landingPrefix } from './fileItem.ts';

export interface LandingPlace {
  readonly tenant: string;
  readonly sourceId: string;
  readonly name: string;
}

/** Names that tools leave behind and nobody means as data: folders, hidden files, markers of finished jobs. */
const notData = /(^|\/)(\.|_)|\/$/;

/** Where in the landing bucket a key lies; null for anything that is not a dropped file. */
export function parseLandingKey(key: string): LandingPlace | null {
  const [, tenant, sourceId, name] = /^landing\/([^/]+)\/([^/]+)\/(.+)$/.exec(key) ?? [];
  if (tenant === undefined || sourceId === undefined || name === undefined || notData.test(name))
    return null;
  return { tenant, sourceId, name };
}

export const landingKey = ({ tenant, sourceId, name }: LandingPlace): string =>
  `${landingPrefix(tenant, sourceId)}${name}`;
