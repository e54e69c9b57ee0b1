import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../shared/log.ts';
import type { LocalService } from '../localService.ts';
import { checkCredentials } from '../protocol/jsonService.ts';
import { readBody } from '../protocol/readBody.ts';

export interface LocalSnsOptions {
  readonly folder: string;
  readonly now?: () => number;
  readonly log?: Log;
}

/** One message that would have gone to the topic's subscribers. */
export interface PublishedMessage {
  readonly at: string;
  readonly topicArn: string;
  readonly subject: string | null;
  readonly message: string;
}

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * The embedded SNS: topics of which nobody here can be a subscriber, so each message becomes one line of JSON in
 * `<folder>/published.ndjson`, where people and tests find it. Publish only; the AWS Query protocol.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function openSns({ folder, now = Date.now, log }: LocalSnsOptions): LocalService {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'published.ndjson');
  return {
    name: 'sns',
    accepts: ({ headers }) => /\/sns\/aws4_request/.test(headers.authorization ?? ''),
    async handle(request, response) {
      const answer = (status: number, body: string): void => {
        response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
      };
      const refuse = (code: string, message: string, status = 400): void =>
        answer(
          status,
          `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${xml(code)}</Code><Message>${xml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
        );
      try {
        checkCredentials(request);
        const form = new URLSearchParams((await readBody(request)).toString('utf8'));
        const action = form.get('Action');
        if (action !== 'Publish')
          return refuse('InvalidAction', `The embedded sns has no operation ${action}`);
        const topicArn = form.get('TopicArn') ?? '';
        const message = form.get('Message') ?? '';
        if (!topicArn.startsWith('arn:aws:sns:'))
          return refuse('InvalidParameter', 'Invalid parameter: TopicArn');
        if (message === '') return refuse('InvalidParameter', 'Invalid parameter: Empty message');
        const published: PublishedMessage = {
          at: new Date(now()).toISOString(),
          topicArn,
          subject: form.get('Subject'),
          message,
        };
        appendFileSync(file, `${JSON.stringify(published)}\n`);
        answer(
          200,
          `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`,
        );
      } catch (error) {
        log?.warn('a message was not published', { error });
        if (!response.headersSent) refuse('InvalidClientTokenId', 'The request was refused.', 403);
        else response.destroy();
      }
    },
    async close() {
      // Each message is written before it is answered.
    },
  };
}
