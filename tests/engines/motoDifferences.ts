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
