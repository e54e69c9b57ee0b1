import * as z from 'zod';
import { serviceAccount } from '../../shared/connectors/files/serviceAccount.ts';

const id = /^[A-Za-z0-9_-]{20,200}$/;
const address =
  /^https:\/\/docs\.google\.com\/spreadsheets\/(?:u\/\d+\/)?d\/([A-Za-z0-9_-]{20,200})(?:[/?#].*)?$/;

export const sheetsConfig = z.strictObject({
  spreadsheet: z
    .string()
    .max(1_000)
    .refine((text) => id.test(text) || address.test(text), 'Not a spreadsheet’s address or id.')
    .meta({
      title: 'Spreadsheet',
      description: 'Its address, as the browser shows it, or its id.',
    }),
  headerRow: z.int().min(0).max(1_000).optional().meta({
    title: 'Header row',
    description:
      'Number of the row with the names of the columns; 0: there is none, and columns are called by their letters. Left out: it is looked for.',
  }),
});
export type SheetsConfig = z.infer<typeof sheetsConfig>;

export const idOf = ({ spreadsheet }: SheetsConfig): string =>
  address.exec(spreadsheet)?.[1] ?? spreadsheet;

export const sheetsCredentials = z
  .strictObject({
    serviceAccount: serviceAccount.optional(),
    clientId: z.string().min(1).max(500).optional().meta({
      title: 'Client id',
      description: 'Of the OAuth client in your Google Cloud project.',
    }),
    clientSecret: z.string().min(1).max(500).optional().meta({
      title: 'Client secret',
      description: 'Of the OAuth client in your Google Cloud project.',
      secret: true,
    }),
    refreshToken: z.string().min(1).max(2_000).optional().meta({
      title: 'Refresh token',
      description:
        'What Google handed out when somebody who may read the spreadsheet agreed to the scopes spreadsheets.readonly and drive.metadata.readonly.',
      secret: true,
    }),
  })
  .refine(
    ({ serviceAccount: account, clientId, clientSecret, refreshToken }) =>
      [clientId, clientSecret, refreshToken].every(
        (each) => (each === undefined) === (account !== undefined),
      ),
    'Give the key of a service account, or a client id with its secret and a refresh token.',
  );
export type SheetsCredentials = z.infer<typeof sheetsCredentials>;

/** Where the reading of a tab stands. */
export const sheetsCheckpoint = z.strictObject({
  v: z.literal(1),
  /** What told of the spreadsheet’s state when the read began; null: nothing did. */
  mark: z.string().nullable(),
  /** Row to go on with; null: the read is over. */
  next: z.number().nullable(),
  /** Rows that were ever delivered and not taken back lie from here to there. */
  firstRow: z.number(),
  lastRow: z.number(),
});
export type SheetsCheckpoint = z.infer<typeof sheetsCheckpoint>;
