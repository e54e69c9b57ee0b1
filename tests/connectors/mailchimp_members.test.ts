import { describe, expect, it } from 'vitest';
import mailchimpMembers from '../../connectors/mailchimp_members.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import type { Json } from '../../shared/json.ts';
import {
  type MailchimpMember,
  type MailchimpSimulator,
  startMailchimp,
} from '../simulators/mailchimp.ts';
import { describeRestConnector } from './restConformance.ts';
import { expectHeldToDescription, readAll, restContext } from './restExample.ts';

const mailchimp = await startMailchimp();

const connector = mailchimpMembers as Connector;
const config = { dataCenter: 'us3', listId: mailchimp.listId };
const list = `/3.0/lists/${mailchimp.listId}`;
const credentials = { apiKey: mailchimp.key };
const stream = { name: 'members', primaryKey: ['contact_id'], cursorField: 'last_changed' };
const contextOf = (simulator: MailchimpSimulator, over: object = {}) =>
  restContext(connector, simulator, { config, credentials, ...over });
const context = (over: object = {}) => contextOf(mailchimp, over);
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['contact_id']} ${row['email_address']} ${row['last_changed']} ${row['merge_fields_LTV'] ?? ''}`;
const told = (member: MailchimpMember): string =>
  identify({ ...member, merge_fields_LTV: member.merge_fields['LTV'] });
const idsOf = (rows: readonly { readonly [name: string]: unknown }[]): readonly unknown[] =>
  rows.map((row) => row['contact_id']);

mailchimp.define('LTV', 'number');
mailchimp.define('JOINED_AT', 'date');
mailchimp.limitPages(100);
for (let index = 0; index < 250; index += 1) {
  mailchimp.create({ merge_fields: { FNAME: `Name ${index}`, ADDRESS: '', LTV: index + 0.5 } });
  if (index % 4 === 0) mailchimp.clock.advance(1500);
}
mailchimp.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: mailchimp,
  config,
  credentials,
  stream,
  identify,
  expected: () => mailchimp.members().map(told),
  path: '/members',
  add: async () => {
    // One second for all, and more than two pages: an import.
    const added = Array.from({ length: 230 }, () => mailchimp.create());
    mailchimp.clock.advance(3_600_000);
    return added.map(told);
  },
  remove: () => {
    const gone = mailchimp.members().slice(3, 9);
    for (const { contact_id } of gone) mailchimp.archive(contact_id);
    mailchimp.clock.advance(90_000);
    return gone.map(({ contact_id }) => contact_id);
  },
  refusals: [
    {
      title: 'a wrong key',
      credentials: { apiKey: 'canarywrong1234567-us3' },
      code: 'invalid_credentials',
      says: /data centre/,
    },
    {
      title: 'a user who is disabled',
      credentials: { apiKey: mailchimp.disabledKey },
      code: 'source_forbidden',
      says: /disabled/,
    },
    {
      title: 'an audience that is not there',
      config: { listId: 'b000000000' },
      code: 'source_not_found',
      says: /audience id/,
    },
  ],
  leadElsewhere: {
    dataCenter: ['us3.evil', 'evil', 'us3/', 'us3@x', 'us', 'US3'],
    listId: ['a36b/../x', 'a36b?x', '', 'a36b032126/members'],
  },
  recorded: [
    {
      file: 'mailchimp__members',
      ask: `${list}/members`,
      at: 'members.0',
      except: ['merge_fields'],
    },
    { file: 'mailchimp__merge_fields', ask: `${list}/merge-fields` },
  ],
  ownFields: {
    make: () =>
      mailchimp.create({
        merge_fields: { FNAME: 'Ada', LTV: '', JOINED_AT: '01/18/2022', ADDRESS: { city: 'Bonn' } },
        tags: [{ id: 1, name: 'vip' }],
        new_field: 1,
      }).contact_id,
    types: {
      contact_id: 'string',
      last_changed: 'timestamptz',
      merge_fields_FNAME: 'string',
      merge_fields_LTV: 'double',
      merge_fields_JOINED_AT: 'string',
      merge_fields_ADDRESS: 'string',
    },
    row: {
      merge_fields_FNAME: 'Ada',
      merge_fields_JOINED_AT: '01/18/2022',
      merge_fields_ADDRESS: '{"city":"Bonn"}',
      tags: '[{"id":1,"name":"vip"}]',
      other_fields: '{"new_field":1}',
    },
    absent: ['merge_fields_LTV', 'timestamp_signup'],
  },
  changes: {
    ids: () => mailchimp.members().map(({ contact_id }) => contact_id),
    mark: (id: string, language) => mailchimp.update(id, { language }),
    field: 'language',
  },
});

describe('Mailchimp members', () => {
  it('are found without a data centre: by the end of the key, or by asking whose token it is', async () => {
    const { dataCenter: _, ...anywhere } = config;
    const checkOf = (given: object) =>
      connector.check(restContext(connector, mailchimp, { config: anywhere, credentials: given }));
    expect(await checkOf({ apiKey: mailchimp.key })).toMatchObject({ ok: true });
    expect(await checkOf({ accessToken: mailchimp.token })).toMatchObject({ ok: true });
    expect(await checkOf({ apiKey: 'canarywithoutanend' })).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
      message: expect.stringContaining('ends in a dash'),
    });
    expect(await checkOf({ accessToken: 'canary-of-nobody' })).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
      message: expect.stringContaining('Connect again'),
    });
  });

  it('reads with an access token, too', async () => {
    const { rows } = await readAll(
      connector,
      context({ credentials: { accessToken: mailchimp.token } }),
      stream,
    );
    expect(rows.length).toBe(mailchimp.members().length);
  });

  it('sees changes once, an address that changed as the same member, and archived ones as deleted', async () => {
    mailchimp.clock.advance(3_600_000);
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first, second, third] = mailchimp.members();
    mailchimp.update(first!.contact_id, { email_address: 'other@example.com' });
    mailchimp.archive(second!.contact_id);
    const early = await readAll(connector, context(), stream, checkpoint);
    expect([early.rows, early.tombstones]).toEqual([[], []]);
    mailchimp.clock.advance(90_000);
    const late = await readAll(connector, context(), stream, early.checkpoint);
    expect(late.rows.map((row) => [row['contact_id'], row['email_address']])).toEqual([
      [first!.contact_id, 'other@example.com'],
    ]);
    expect(late.rows[0]?.['id']).not.toBe(first!.id);
    expect(idsOf(late.tombstones)).toEqual([second!.contact_id]);
    const again = await readAll(connector, context(), stream, late.checkpoint);
    expect([again.rows, again.tombstones]).toEqual([[], []]);
    // With the switch off nobody is removed, and the description says so.
    const quiet = context({ config: { ...config, findsArchived: false } });
    mailchimp.archive(third!.contact_id);
    mailchimp.clock.advance(90_000);
    expect((await readAll(connector, quiet, stream, again.checkpoint)).tombstones).toEqual([]);
    expect((await connector.discover(quiet))[0]?.deletes).toBe('none');
  });

  it('takes archived members for deleted wherever Mailchimp lists them', async () => {
    mailchimp.listArchived(true);
    const [first, second] = mailchimp.members();
    mailchimp.archive(first!.contact_id);
    mailchimp.clock.advance(3_600_000);
    const whole = await readAll(connector, context(), { ...stream, mode: 'full_refresh' });
    expect([...idsOf(whole.rows)].sort()).toEqual([...idsOf(mailchimp.members())].sort());
    const { checkpoint } = await readAll(connector, context(), stream);
    mailchimp.archive(second!.contact_id);
    mailchimp.clock.advance(90_000);
    const changes = await readAll(connector, context(), stream, checkpoint);
    expect(changes.rows).toEqual([]);
    expect(new Set(idsOf(changes.tombstones))).toEqual(new Set([second!.contact_id]));
    mailchimp.listArchived(false);
  });

  for (const inclusive of [false, true])
    it(`skips nobody while members change, whether "since" takes in its own second (${inclusive})`, async () => {
      const busy = await startMailchimp();
      await using _closed = busy;
      busy.sinceTakesIn(inclusive);
      busy.limitPages(40);
      // Two imports that are longer than pages, next to each other, between members of their own seconds.
      for (let index = 0; index < 50; index += 1) {
        busy.create();
        busy.clock.advance(1000);
      }
      for (let index = 0; index < 130; index += 1) busy.create();
      busy.clock.advance(1000);
      for (let index = 0; index < 90; index += 1) busy.create();
      busy.clock.advance(1000);
      for (let index = 0; index < 50; index += 1) {
        busy.create();
        busy.clock.advance(1000);
      }
      const ids = busy.members().map((member) => member.contact_id);
      const quietRead = await readAll(connector, contextOf(busy), stream);
      expect([...idsOf(quietRead.rows)].sort()).toEqual([...ids].sort());
      // A random walk whose seed is 1: some members of already read and of unread seconds change after each page.
      let state = 1;
      const random = (below: number): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8) % below;
      };
      for (const mode of ['full_refresh', 'incremental'] as const) {
        busy.clock.advance(3_600_000);
        const read = await readAll(connector, contextOf(busy), { ...stream, mode }, null, () => {
          busy.clock.advance(1000);
          if (busy.requests.length % 3 === 0) return;
          for (let each = 0; each < 7; each += 1)
            busy.update(ids[random(ids.length)]!, { vip: true });
        });
        expect([...new Set(idsOf(read.rows))].sort()).toEqual([...ids].sort());
      }
      expectHeldToDescription(busy);
    });

  it('takes a page without times or numbers for an error', async () => {
    for (const change of [
      (body: Json) => ({ ...(body as object), total_items: null }) as Json,
      (body: Json) => ({ ...(body as object), members: [{ id: 'x' }] }) as Json,
    ]) {
      mailchimp.fail({ kind: 'changed', change }, 1, '/members');
      await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
        code: 'source_answer_invalid',
      });
    }
  });
});
