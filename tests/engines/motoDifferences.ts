import type { Differences } from '../local/conformance.ts';

/** Promises moto does not keep, though AWS does. */
export const secretsDifferences: Differences = {
  'stages a value without making it current, and moves stages':
    'reads AWSPENDING as the current value',
  'keeps a deleted secret for its recovery window, closed':
    'takes a new value for a secret that is marked for deletion',
  'refuses a value above 64 KB': 'takes any size',
};

export const glueDifferences: Differences = {
  'refuses an update from an old version': 'ignores VersionId',
  'lets exactly one of ten updates from one version win': 'ignores VersionId',
  'archives the old version unless told not to': 'ignores SkipArchive',
  'folds names to lower case': 'keeps names as they are written',
  'lists tables by pattern and in pages': 'ignores MaxResults',
};

export const sqsDifferences: Differences = {
  'refuses a message above the queue’s limit, and an empty one': 'takes an empty message',
  'refuses attributes it does not know or that are out of range': 'takes any attribute',
};

export const schedulerDifferences: Differences = {
  'refuses the expressions that AWS refuses': 'takes any expression',
  'refuses an unknown time zone, window or target': 'takes any',
  'creates, tells, lists and deletes groups with their schedules': 'takes a group twice',
  'answers what is not there with ResourceNotFoundException': 'fails with an HTML page',
};

const noTestEventPattern =
  'has no TestEventPattern; its patterns are compared by what they deliver';
export const eventsDifferences: Differences = {
  'matches values exactly, all names of a pattern and any value of a list': noTestEventPattern,
  'matches an array by any of its members': noTestEventPattern,
  'matches beginnings and endings': noTestEventPattern,
  'matches anything but what is listed': noTestEventPattern,
  'matches what is there and what is not': noTestEventPattern,
  'compares numbers': noTestEventPattern,
  'matches without regard to case, and with wildcards': noTestEventPattern,
  'matches one of several alternatives': noTestEventPattern,
  'refuses patterns that are none': 'fails with an HTML page',
  'takes good events and refuses bad ones, each by itself': 'takes events of AWS’s own sources',
};

/** Patterns moto gets wrong, by what it delivers. */
export const patternDifferences: Readonly<Record<string, string>> = {
  '{"detail":{"parts":{"n":[2]}}}': 'does not look into arrays of objects',
};
