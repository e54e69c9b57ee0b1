import type { Connector } from '../shared/connectors/connector.ts';
import { refusedCheck } from '../shared/connectors/files/checkFiles.ts';
import { HeadgateError } from '../shared/errors.ts';
import { rowNumber } from './google_sheets/header.ts';
import { readTab } from './google_sheets/readTab.ts';
import { listTabs, readMark, type SheetsContext, type Tab } from './google_sheets/sheetsClient.ts';
import {
  type SheetsCheckpoint,
  type SheetsConfig,
  type SheetsCredentials,
  sheetsCheckpoint,
  sheetsConfig,
  sheetsCredentials,
} from './google_sheets/sheetsConfig.ts';

/** What is asked once for all tabs of a run; a mark from before a tab was read is as good as one of right then. */
interface Known {
  tabs?: Promise<readonly Tab[]>;
  mark?: Promise<string | null>;
}
const known = new WeakMap<SheetsContext, Known>();
const knownOf = (context: SheetsContext): Known => {
  const found = known.get(context) ?? {};
  known.set(context, found);
  return found;
};
const tabsOf = (context: SheetsContext): Promise<readonly Tab[]> => {
  const found = knownOf(context);
  found.tabs ??= listTabs(context);
  return found.tabs;
};
const markOf = (context: SheetsContext): Promise<string | null> => {
  const found = knownOf(context);
  found.mark ??= readMark(context);
  return found.mark;
};

const googleSheets: Connector<SheetsConfig, SheetsCredentials, SheetsCheckpoint> = {
  name: 'google_sheets',
  title: 'Google Sheets',
  description: 'Every tab of a spreadsheet as a table, read whenever the spreadsheet changed.',
  docs: 'https://developers.google.com/workspace/sheets/api/reference/rest',
  labels: ['files', 'saas'],
  authMethods: [
    { name: 'key', title: 'Service account', fields: ['serviceAccount'] },
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  syncModes: ['incremental', 'full_refresh'],
  supportsContinuous: false,
  supportsDateRange: false,
  landing: false,
  config: sheetsConfig,
  credentials: sheetsCredentials,
  checkpoint: sheetsCheckpoint,
  isComplete: ({ next }) => next === null,

  async check(context) {
    try {
      const tabs = await tabsOf(context);
      const titles = tabs.slice(0, 5).map(({ title }) => `"${title}"`);
      return {
        ok: true,
        message: `The spreadsheet can be read; it has ${tabs.length} tabs, such as ${titles.join(', ')}.`,
      };
    } catch (error) {
      return refusedCheck(error);
    }
  },

  async discover(context) {
    const tabs = await tabsOf(context);
    return tabs.map(({ title }) => ({
      name: title,
      columns: null,
      primaryKey: [rowNumber],
      cursorFields: [],
      modes: ['incremental', 'full_refresh'],
      captures: 'changes',
      deletes: 'tombstone',
      ordered: true,
      timeZone: 'UTC',
      supportsDateRange: false,
      upserts: true,
      notes: [
        'Rows are told by their number: a row that is inserted moves those below it.',
        'Times are those of the spreadsheet’s own zone.',
      ],
    }));
  },

  async *read(context, stream, from) {
    context.signal.throwIfAborted();
    const tabs = await tabsOf(context);
    const tab = tabs.find(({ title }) => title === stream.name);
    if (tab === undefined)
      throw new HeadgateError(
        'source_not_found',
        `The spreadsheet has no tab "${stream.name}" any more. Was it renamed?`,
        { facts: { stream: stream.name } },
      );
    yield* readTab(context, tab, from, {
      mark: await markOf(context),
      tellsDeletes: stream.mode === 'incremental',
    });
  },
};

export default googleSheets;
