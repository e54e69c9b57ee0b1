import * as z from 'zod';
import { parseAnswer } from '../../shared/connectors/rest/parseAnswer.ts';
import { at } from '../../shared/connectors/rest/paths.ts';
import type { RestClient } from '../../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';
import type { RestOutcome } from '../../shared/connectors/rest/restPages.ts';
import type { Text } from '../../shared/connectors/rest/texts.ts';
import { type Json, json } from '../../shared/json.ts';
import type { SalesforceConfig, SalesforceCredentials } from './salesforceConfig.ts';

type Client = RestClient<SalesforceConfig, SalesforceCredentials>;

/** As many as one answer holds. */
export const contactsPerQuery = 2000;
/** An address longer than 16 KB is refused; this much of it is the query's fields. */
const longestFields = 9_000;
const idsPerQuery = 200;

/** Fields without which a contact cannot be placed. */
const always = ['Id', 'SystemModstamp', 'IsDeleted'];

const lengthOf = (names: readonly string[]): number => encodeURIComponent(names.join(',')).length;

function namesOf(columns: readonly RestColumn[]): readonly string[] {
  return [...new Set([...always, ...columns.map(({ name }) => name)])];
}

/** One page of contacts: all fields where an address holds them, else only what places them. */
export function soqlPage(
  columns: readonly RestColumn[],
  conditions: readonly string[],
  order: readonly string[],
): { readonly query: { readonly q: string } } {
  const names = namesOf(columns);
  const fields = lengthOf(names) <= longestFields ? names : always;
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return {
    query: {
      q: `SELECT ${fields.join(',')} FROM Contact${where} ORDER BY ${order.join(',')} LIMIT ${contactsPerQuery}`,
    },
  };
}

const answer = z.object({ records: z.array(json) });

/**
 * The contacts of a page with all their fields: as they are where one query held them, else put together from queries
 * for a part of the fields each.
 */
export const readFields =
  (path: Text<SalesforceConfig, SalesforceCredentials>) =>
  async (
    listed: readonly Json[],
    client: Client,
    columns: readonly RestColumn[],
  ): Promise<readonly RestOutcome[]> => {
    const names = namesOf(columns);
    if (lengthOf(names) <= longestFields) return listed.map(outcomeOf);
    const outcomes: RestOutcome[] = [];
    for (let first = 0; first < listed.length; first += idsPerQuery) {
      const whole = new Map(
        listed
          .slice(first, first + idsPerQuery)
          .map((record) => [String(at(record, 'Id')), record as { [name: string]: Json }]),
      );
      const ids = [...whole.keys()].map((id) => `'${id}'`).join(',');
      const seen = new Set<string>();
      for (const part of partsOf(names)) {
        const q = `SELECT ${['Id', ...part].join(',')} FROM Contact WHERE Id IN (${ids})`;
        const { records } = parseAnswer(answer, await client.ask({ path, query: { q } }));
        for (const record of records) {
          const id = String(at(record, 'Id'));
          seen.add(id);
          whole.set(id, { ...whole.get(id), ...(record as { [name: string]: Json }) });
        }
      }
      // Emptied from the recycle bin since it was listed.
      for (const [id, record] of whole)
        outcomes.push(seen.has(id) ? outcomeOf(record) : { gone: { Id: id } });
    }
    return outcomes;
  };

const outcomeOf = (record: Json): RestOutcome =>
  at(record, 'IsDeleted') === true ? { gone: record } : { record };

/** The fields in parts that an address holds beside the ids. */
function partsOf(names: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const name of names.filter((each) => each !== 'Id')) {
    const part = parts.at(-1) as string[];
    if (lengthOf([...part, name]) <= longestFields) part.push(name);
    else parts.push([name]);
  }
  return parts;
}
