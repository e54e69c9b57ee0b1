import { at } from '../../shared/connectors/rest/paths.ts';
import type { RestAnswer, RestClient } from '../../shared/connectors/rest/restClient.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { MicrosoftConfig, MicrosoftCredentials } from './microsoftConfig.ts';

type Client = RestClient<MicrosoftConfig, MicrosoftCredentials>;

export interface ContactFolder {
  readonly id: string;
  readonly name: string;
}

/** A mailbox with more folders of contacts is not read in part without a word. */
const mostFolders = 200;

/** Folders of contacts beside the default one, those inside others after them. Throws `invalid_config` above 200. */
export async function contactFolders(client: Client): Promise<readonly ContactFolder[]> {
  const folders: ContactFolder[] = [];
  const first = `/v1.0/users/${client.context.config.mailbox}/contactFolders`;
  const lists = [first];
  for (const path of lists) {
    for (let next: string | null = null, begun = false; !begun || next !== null; begun = true) {
      const request = { path, headers };
      const answer: RestAnswer = await (next === null
        ? client.ask({ ...request, query: { $top: '100' } })
        : client.follow(next, request));
      for (const folder of listOf(answer)) {
        const [id, name] = [at(folder, 'id'), at(folder, 'displayName')];
        if (typeof id !== 'string') continue;
        folders.push({ id, name: typeof name === 'string' && name !== '' ? name : id });
        lists.push(`${first}/${encodeURIComponent(id)}/childFolders`);
      }
      if (folders.length > mostFolders)
        throw new HeadgateError(
          'invalid_config',
          `The mailbox has more than ${mostFolders} folders of contacts.`,
        );
      const link = at(answer.body, '@odata\\.nextLink');
      next = typeof link === 'string' ? link : null;
    }
  }
  return folders;
}

/** Ids stay when a contact is moved: https://learn.microsoft.com/graph/outlook-immutable-id */
export const headers = { prefer: 'odata.maxpagesize=100, IdType="ImmutableId"' } as const;

function listOf({ body, url }: RestAnswer): readonly Json[] {
  const list = at(body, 'value');
  if (Array.isArray(list)) return list as readonly Json[];
  throw new HeadgateError(
    'source_answer_invalid',
    `${url.origin}${url.pathname} answered without a list.`,
  );
}
