import * as z from 'zod';
import type { Context } from '../../shared/connectors/connector.ts';
import { serviceAccountGrant } from '../../shared/connectors/files/serviceAccount.ts';
import { signedFetch } from '../../shared/connectors/files/signedFetch.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { OAuthGrant } from '../../shared/oauth/oauthGrant.ts';
import type { Cell, Shown } from './cells.ts';
import { idOf, type SheetsConfig, type SheetsCredentials } from './sheetsConfig.ts';
import { sheetsFailure } from './sheetsFailure.ts';

export type SheetsContext = Context<SheetsConfig, SheetsCredentials>;

const scope =
  'https://www.googleapis.com/auth/spreadsheets.readonly https://www.googleapis.com/auth/drive.metadata.readonly';
/** Sixty a minute for each user: https://developers.google.com/workspace/sheets/api/limits */
const limit = { name: 'requests', requests: 50, perSeconds: 60 };
/** Counted by the minute; Google does not say when one begins anew, which it has after a whole one. */
const throttledMilliseconds = 60_000;

/** A tab with cells. */
export interface Tab {
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
}

const spreadsheet = z.object({
  sheets: z
    .array(
      z.object({
        properties: z.object({
          title: z.string(),
          sheetType: z.string().default('GRID'),
          gridProperties: z
            .object({ rowCount: z.number().default(0), columnCount: z.number().default(0) })
            .optional(),
        }),
      }),
    )
    .default([]),
});
const values = z.object({
  values: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))).default([]),
});
const file = z.object({ modifiedTime: z.string(), version: z.string().optional() });
const formats = z.object({
  sheets: z
    .array(
      z.object({
        data: z
          .array(
            z.object({
              rowData: z
                .array(
                  z.object({
                    values: z
                      .array(
                        z.object({
                          effectiveFormat: z
                            .object({ numberFormat: z.object({ type: z.string() }).optional() })
                            .optional(),
                        }),
                      )
                      .default([]),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

function grantOf(credentials: SheetsCredentials): OAuthGrant {
  const { serviceAccount, clientId = '', clientSecret = '', refreshToken = '' } = credentials;
  return serviceAccount === undefined
    ? {
        tokenUrl: 'https://oauth2.googleapis.com/token',
        grant: 'refresh_token',
        clientAuth: 'body',
        clientId,
        clientSecret,
        refreshToken,
        lifetimeSeconds: 3600,
      }
    : serviceAccountGrant(serviceAccount, scope);
}

async function get<Parsed>(
  context: SheetsContext,
  address: string,
  query: Readonly<Record<string, string>>,
  schema: z.ZodType<Parsed>,
  tab?: string,
): Promise<Parsed> {
  await context.rateLimit?.take(limit);
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const response = await signedFetch(
    context,
    grantOf(context.credentials),
    url,
    {},
    {
      resetMilliseconds: ({ status }) => (status === 429 ? throttledMilliseconds : null),
      onThrottled: async (milliseconds) => context.rateLimit?.pause(milliseconds),
    },
  );
  if (!response.ok) throw await sheetsFailure(response, context, tab);
  const parsed = schema.safeParse(await response.json().catch(() => null));
  if (parsed.success) return parsed.data;
  throw new HeadgateError('source_answer_invalid', 'Google Sheets answered something unreadable.');
}

const base = 'https://sheets.googleapis.com/v4/spreadsheets/';

/** Tabs with cells, by their titles; charts on tabs of their own have none. */
export async function listTabs(context: SheetsContext): Promise<readonly Tab[]> {
  const { sheets } = await get(
    context,
    `${base}${idOf(context.config)}`,
    { fields: 'sheets.properties(title,sheetType,gridProperties(rowCount,columnCount))' },
    spreadsheet,
  );
  return sheets
    .map(({ properties }) => properties)
    .filter(({ sheetType }) => sheetType === 'GRID')
    .map(({ title, gridProperties }) => ({
      title,
      rows: gridProperties?.rowCount ?? 0,
      columns: gridProperties?.columnCount ?? 0,
    }))
    .sort((one, other) => (one.title < other.title ? -1 : 1));
}

const quoted = (title: string): string => `'${title.replaceAll("'", "''")}'`;

/** Rows `from` to `to`, counted from 1. Empty cells at a row's end and empty rows at the end are left out. */
export async function readRows(
  context: SheetsContext,
  tab: Tab,
  range: { readonly from: number; readonly to: number; readonly lastColumn: string },
): Promise<readonly (readonly Cell[])[]> {
  const cells = `${quoted(tab.title)}!A${range.from}:${range.lastColumn}${range.to}`;
  const { values: rows } = await get(
    context,
    `${base}${idOf(context.config)}/values/${encodeURIComponent(cells)}`,
    {
      majorDimension: 'ROWS',
      valueRenderOption: 'UNFORMATTED_VALUE',
      dateTimeRenderOption: 'SERIAL_NUMBER',
    },
    values,
    tab.title,
  );
  return rows;
}

/** How the numbers of each column are shown in these rows: as times where every formatted cell is one. */
export async function readFormats(
  context: SheetsContext,
  tab: Tab,
  range: { readonly from: number; readonly to: number; readonly lastColumn: string },
): Promise<readonly Shown[]> {
  const { sheets } = await get(
    context,
    `${base}${idOf(context.config)}`,
    {
      ranges: `${quoted(tab.title)}!A${range.from}:${range.lastColumn}${range.to}`,
      fields: 'sheets.data.rowData.values.effectiveFormat.numberFormat.type',
    },
    formats,
    tab.title,
  );
  const seen: Set<string>[] = [];
  for (const { values: cells } of sheets[0]?.data[0]?.rowData ?? [])
    for (const [index, { effectiveFormat }] of cells.entries()) {
      const type = effectiveFormat?.numberFormat?.type;
      if (type === undefined) continue;
      seen[index] ??= new Set();
      seen[index].add(type);
    }
  return Array.from({ length: tab.columns }, (_, index) => {
    const types = [...(seen[index] ?? [])];
    if (types.length === 0 || !types.every((type) => type === 'DATE' || type === 'DATE_TIME'))
      return null;
    return types.includes('DATE_TIME') ? 'DATE_TIME' : 'DATE';
  });
}

/** What changes with every edit of the spreadsheet; null where Google Drive does not tell. */
export async function readMark(context: SheetsContext): Promise<string | null> {
  try {
    const { modifiedTime, version = '' } = await get(
      context,
      `https://www.googleapis.com/drive/v3/files/${idOf(context.config)}`,
      { fields: 'modifiedTime,version', supportsAllDrives: 'true' },
      file,
    );
    return `${modifiedTime} ${version}`;
  } catch (error) {
    // The scope or the API is missing: then every run reads the tab.
    if (!(error instanceof HeadgateError) || error.code !== 'source_forbidden') throw error;
    context.log.warn('Google Drive does not tell whether the spreadsheet changed: it is read');
    return null;
  }
}
