/** The event that all patterns below are tried on. */
export const patternEvent = {
  version: '0',
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '000000000000',
  time: '2027-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: ['arn:aws:s3:::landing'],
  detail: {
    bucket: { name: 'landing' },
    object: { key: 'acme/orders/a.csv', size: 42, 'version-id': 'v1' },
    reason: 'PutObject',
    empty: '',
    flag: true,
    nothing: null,
    tags: ['a', 'b'],
    parts: [{ n: 1 }, { n: 2 }],
  },
};

/** Patterns, and whether each matches. */
export type PatternRows = readonly (readonly [object, boolean])[];

/** What a group of patterns shows, and the group. */
export const patternCases: readonly (readonly [string, PatternRows])[] = [
  [
    'matches values exactly, all names of a pattern and any value of a list',
    [
      [{ source: ['aws.s3'] }, true],
      [{ source: ['aws.ec2', 'aws.s3'] }, true],
      [{ source: ['aws.s3'], 'detail-type': ['Object Deleted'] }, false],
      [{ detail: { bucket: { name: ['landing'] }, object: { size: [42] } } }, true],
      [{ detail: { object: { size: ['42'] } } }, false],
      [{ detail: { flag: [true] } }, true],
      [{ detail: { nothing: [null] } }, true],
      [{ detail: { empty: [''] } }, true],
      [{ detail: { missing: ['x'] } }, false],
    ],
  ],

  [
    'matches an array by any of its members',
    [
      [{ resources: ['arn:aws:s3:::landing'] }, true],
      [{ detail: { tags: ['b', 'z'] } }, true],
      [{ detail: { tags: ['z'] } }, false],
      [{ detail: { parts: { n: [2] } } }, true],
    ],
  ],

  [
    'matches beginnings and endings',
    [
      [{ detail: { object: { key: [{ prefix: 'acme/' }] } } }, true],
      [{ detail: { object: { key: [{ prefix: '_uploads/' }] } } }, false],
      [{ detail: { object: { key: [{ suffix: '.csv' }] } } }, true],
      [{ detail: { object: { key: [{ prefix: 'x' }, { suffix: '.csv' }] } } }, true],
      [{ detail: { object: { size: [{ prefix: '4' }] } } }, false],
    ],
  ],

  [
    'matches anything but what is listed',
    [
      [{ detail: { reason: [{ 'anything-but': 'CopyObject' }] } }, true],
      [{ detail: { reason: [{ 'anything-but': ['PutObject', 'x'] }] } }, false],
      [{ detail: { object: { key: [{ 'anything-but': { prefix: '_uploads/' } }] } } }, true],
      [{ detail: { object: { key: [{ 'anything-but': { prefix: 'acme/' } }] } } }, false],
      [{ detail: { object: { size: [{ 'anything-but': [41, 43] }] } } }, true],
    ],
  ],

  [
    'matches what is there and what is not',
    [
      [{ detail: { object: { 'version-id': [{ exists: true }] } } }, true],
      [{ detail: { object: { etag: [{ exists: false }] } } }, true],
      [{ detail: { object: { etag: [{ exists: true }] } } }, false],
    ],
  ],

  [
    'compares numbers',
    [
      [{ detail: { object: { size: [{ numeric: ['>', 0, '<=', 42] }] } } }, true],
      [{ detail: { object: { size: [{ numeric: ['<', 42] }] } } }, false],
      [{ detail: { object: { size: [{ numeric: ['=', 42] }] } } }, true],
    ],
  ],

  [
    'matches without regard to case, and with wildcards',
    [
      [{ detail: { reason: [{ 'equals-ignore-case': 'putobject' }] } }, true],
      [{ detail: { object: { key: [{ wildcard: 'acme/*.csv' }] } } }, true],
      [{ detail: { object: { key: [{ wildcard: 'acme/*.json' }] } } }, false],
    ],
  ],

  [
    'matches one of several alternatives',
    [
      [{ $or: [{ source: ['aws.ec2'] }, { detail: { flag: [true] } }] }, true],
      [{ $or: [{ source: ['aws.ec2'] }, { detail: { flag: [false] } }] }, false],
    ],
  ],
];
