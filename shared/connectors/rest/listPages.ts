import { setImmediate as nextTurn } from 'node:timers/promises';
import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Placed } from './buildRequest.ts';
import { nextPageOf, placeOfPage } from './nextPage.ts';
import { at } from './paths.ts';
import type { RestAnswer, RestClient } from './restClient.ts';
import type { PageState, RestPages } from './restPages.ts';
import type { RestParent, RestStream } from './restStream.ts';

/** One page of a list, and where the one after it is found. */
export interface ListedPage {
  readonly answer: RestAnswer;
  readonly records: readonly Json[];
  /** null: this was the last. */
  readonly next: Position | null;
  /** The parent's key that these records belong to. */
  readonly parent?: Json;
}

export interface Position {
  readonly page: Json;
  readonly child: { readonly parent: Json; readonly page: Json } | null;
}

export type StateOf = (page: Json) => PageState;

/** Pages are held two at a time where they are no longer. */
const mostCharactersAhead = 4 * 2 ** 20;

/**
 * The pages of a list from a position on. `readsAhead`: the next one is asked for while a page is worked on; a failure
 * to get it is thrown in its turn. Throws when the source's paging does not move.
 */
export async function* listPages<Config, Credentials>(
  client: RestClient<Config, Credentials>,
  pages: RestPages<Config, Credentials>,
  from: Position,
  stateOf: StateOf,
  placed: readonly Placed[],
  readsAhead: boolean,
): AsyncGenerator<ListedPage> {
  const ask = (page: Json): Promise<AskedPage> => askPage(client, pages, stateOf(page), placed);
  for (let asked = ask(from.page); ; ) {
    const listed = await asked;
    const { next } = listed;
    if (next === null) {
      yield { ...listed, next };
      return;
    }
    const isAhead = readsAhead && listed.answer.characters <= mostCharactersAhead;
    if (isAhead) {
      asked = ask(next);
      asked.catch(() => undefined);
      // A request leaves with the next turn of the event loop; work on a page that waits for nothing leaves it none.
      await nextTurn();
    }
    yield { ...listed, next: { page: next, child: null } };
    if (!isAhead) asked = ask(next);
  }
}

/** The pages of the children of each parent in turn. */
export async function* listChildren<Config, Credentials>(
  client: RestClient<Config, Credentials>,
  pages: RestPages<Config, Credentials>,
  parent: RestParent,
  parents: RestStream<Config, Credentials>,
  from: Position,
  stateOf: StateOf,
): AsyncGenerator<ListedPage> {
  let { child } = from;
  for (let { page } = from; ; ) {
    const outer = await askPage(client, parents.pages, stateOf(page), []);
    const all: readonly Json[] = outer.records
      .map((record) => at(record, parent.key) ?? null)
      .filter((key) => key !== null);
    // A parent that is gone meanwhile is none to go on from: then all of this page's are read again.
    const keys = all.slice(child === null ? 0 : Math.max(0, all.indexOf(child.parent)));
    const after: Position | null = outer.next === null ? null : { page: outer.next, child: null };
    if (keys.length === 0) yield { ...outer, records: [], next: after };
    for (const [index, key] of keys.entries()) {
      const { list, placed } = childrenOf(pages, parent, key);
      const sibling = keys[index + 1];
      const done = sibling === undefined ? after : { page, child: { parent: sibling, page: null } };
      for (let inner = child?.parent === key ? child.page : null; ; ) {
        const listed = await askPage(client, list, stateOf(inner), placed);
        const more = { page, child: { parent: key, page: listed.next } };
        yield { ...listed, parent: key, next: listed.next === null ? done : more };
        if (listed.next === null) break;
        inner = listed.next;
      }
      child = null;
    }
    if (outer.next === null) return;
    page = outer.next;
  }
}

/** The list of one parent's children: its key in the path, or in a place of its own. */
function childrenOf<Config, Credentials>(
  pages: RestPages<Config, Credentials>,
  { to }: RestParent,
  key: Json,
): { readonly list: RestPages<Config, Credentials>; readonly placed: readonly Placed[] } {
  if (to !== undefined) return { list: pages, placed: [[to, key]] };
  const pieces = Array.isArray(pages.path) ? pages.path : [pages.path];
  const text = typeof key === 'string' ? key : JSON.stringify(key);
  const path = pieces.map((piece: unknown) =>
    typeof piece === 'string' ? piece.replaceAll('{parent}', encodeURIComponent(text)) : piece,
  );
  return { list: { ...pages, path: path as typeof pages.path }, placed: [] };
}

interface AskedPage {
  readonly answer: RestAnswer;
  readonly records: readonly Json[];
  readonly next: Json;
}

async function askPage<Config, Credentials>(
  client: RestClient<Config, Credentials>,
  pages: RestPages<Config, Credentials>,
  state: PageState,
  placed: readonly Placed[],
): Promise<AskedPage> {
  const { page } = state;
  const { paging, size } = pages;
  const request = { ...pages, ...pages.request?.(state, client) };
  const query = { ...pages.query, ...request.query };
  const isAddress = paging.kind === 'nextUrl' || paging.kind === 'linkHeader';
  const answer =
    isAddress && typeof page === 'string'
      ? await client.follow(page, request)
      : await client.ask({ ...request, query }, [
          ...(size?.to === undefined ? [] : [[size.to, size.records] as const]),
          ...placed,
          ...placeOfPage(paging, page),
        ]);
  const records = at(answer.body, pages.records) ?? (pages.leavesOutEmpty === true ? [] : null);
  if (!Array.isArray(records))
    throw new HeadgateError(
      'source_answer_invalid',
      `${answer.url.origin}${answer.url.pathname} answered without a list at "${pages.records}".`,
    );
  const next = nextPageOf(pages, page, answer, records);
  if (next !== null && JSON.stringify(next) === JSON.stringify(page))
    throw new HeadgateError(
      'source_answer_invalid',
      `${answer.url.origin}${answer.url.pathname} names the page it answered as its next one.`,
    );
  if (paging.kind === 'own')
    return { answer, records: paging.turn(page, records, answer.body).records, next };
  return { answer, records, next };
}
