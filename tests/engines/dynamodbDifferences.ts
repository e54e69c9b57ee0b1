import type { Differences } from '../local/conformance.ts';

/** Promises DynamoDB Local does not keep, though DynamoDB does. */
export const dynamoDbLocalDifferences: Differences = {
  'tells only what was updated, before or after':
    'answers the whole top-level attribute where DynamoDB answers the nested part that was updated',
  'names an update that does not fit its item as the reason':
    'answers ValidationException where the API reference lists ValidationError as a cancellation reason',
  'tags and untags a table': 'has no tags',
};

/** Promises moto does not keep, though DynamoDB (and DynamoDB Local) do. */
export const motoDifferences: Differences = {
  'keeps 38 digits of a number and refuses a 39th': 'takes any number of digits',
  'refuses an item above 400 KB and takes one below': 'words the refusal differently',
  'takes values nested 31 lists deep and refuses deeper ones': 'takes any depth',
  'refuses an index key of the wrong type': 'does not look at the types of index keys',
  'refuses a batch of 26 and one that names an item twice': 'takes an item twice',
  'reads only what a projection names': 'loses list members of a projection',
  'creates an item of its key alone when an update says nothing': 'fails with an HTML page',
  'appends when a position lies past the end of a list':
    'appends in the order of the expression, DynamoDB in that of the positions',
  'refuses to add a text, or to read an attribute that is not there':
    'words the refusal differently',
  'tells only what was updated, before or after': 'answers the whole top-level attribute',
  'compares values of equal type and nothing else': 'fails with an HTML page on mixed types',
  'measures sizes': 'fails with an HTML page on a missing attribute',
  'looks into texts, bytes, sets and lists': 'has no begins_with on binaries',
  'takes a missing attribute as different from every value and as in no order':
    'takes two missing attributes as equal',
  'compares two attributes of the item': 'takes two missing attributes as equal',
  'refuses a condition with an unknown function or placeholder, or an order of what has none':
    'fails with an HTML page',
  'refuses a query without equality on the partition key': 'fails with an HTML page',
  'refuses a filter on the key': 'takes one',
  'refuses a start key from another partition': 'takes one',
  'names an update that does not fit its item as the reason':
    'answers ValidationException instead of a cancellation reason',
  'writes once for requests with one token, and refuses another request with it':
    'ignores client request tokens',
  'reads several items as of one moment, in order, missing ones too': 'ignores the projection',
  'lets exactly one of twenty transactions pass a fence':
    'sometimes lets several pass: transactions are not isolated',
  'remembers which attribute expires items': 'takes a second enabling',
};
