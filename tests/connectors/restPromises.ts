import { expect, it } from 'vitest';
import { at } from '../../shared/connectors/rest/paths.ts';
import type { Json } from '../../shared/json.ts';
import { unlikeRecorded } from '../simulators/likeRecorded.ts';
import { vendorFile } from '../simulators/vendorFiles.ts';
import type { FaultExample } from './restFaults.ts';

/** What only some vendors give cause to promise. What is left out is not tried. */
export interface RestPromises {
  /** By the fields of config that say where credentials go: what is not to be taken for a place of the vendor's. */
  readonly leadElsewhere?: Readonly<Record<string, readonly string[]>>;
  /** Answers that were recorded, and what the simulator is asked to be compared with them. */
  readonly recorded?: readonly {
    readonly file: string;
    readonly ask: string | (() => Promise<Json>);
    /** The place in the recorded body; in the simulated one, too, if that has no other. */
    readonly at?: string;
    readonly simulatedAt?: string;
    /** Fields that hold what is the account's own. */
    readonly except?: readonly string[];
  }[];
}

/** The same code for all vendors that give the cause. */
export function describeRestPromises(example: RestPromises & FaultExample): void {
  const { connector, simulator, leadElsewhere = {}, recorded } = example;
  const promise = (title: string, test: () => void | Promise<void>): void =>
    it(`connector ${connector.name} ${title}`, test);

  for (const [field, texts] of Object.entries(leadElsewhere))
    promise(`takes no ${field} that leads elsewhere`, () => {
      for (const text of texts) {
        const config = { ...(example.config as object), [field]: text };
        expect(connector.config.safeParse(config).success, text).toBe(false);
      }
    });

  if (recorded !== undefined)
    promise('is read from a simulator whose answers look like recorded ones', async () => {
      for (const { file, ask, at: path = '', simulatedAt = path, except = [] } of recorded) {
        const whole = vendorFile(`fixtures/${file}.json`);
        if (whole === null) return;
        const there = at(at(whole, 'body'), path) ?? null;
        const answer = typeof ask === 'string' ? await simulator.ask(ask) : await ask();
        const simulated = at(answer, simulatedAt) ?? null;
        for (const each of [there, simulated])
          expect([null, []], `${path} of ${file}`).not.toContainEqual(each);
        expect(unlikeRecorded(without(simulated, except), there), file).toEqual([]);
      }
    });
}

const without = (json: Json, names: readonly string[]): Json =>
  Array.isArray(json)
    ? (json as readonly Json[]).map((each) => without(each, names))
    : (Object.fromEntries(
        Object.entries(json as object).filter(([name]) => !names.includes(name)),
      ) as Json);
