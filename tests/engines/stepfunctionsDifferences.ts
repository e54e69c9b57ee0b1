import type { Differences } from '../local/conformance.ts';

const unchecked = 'moto stores any definition; what is wrong with it shows when it runs';
const nameless = 'moto answers without naming the error';

/**
 * What moto's Step Functions does not keep of our promises, and why. Each was held against the Step
 * Functions documentation, which decided.
 */
export const motoDifferences: Differences = {
  'an execution without a name or an input gets them': 'moto shows no input when none was given',
  'a start that cannot be read is refused': nameless,
  'a stopped execution is aborted with the given error and cause': 'moto tells no stop date',
  'a history can be read backwards and in pages': 'moto ignores reverseOrder',
  'a definition that is not JSON is refused': nameless,
  'a target that is not there is refused': unchecked,
  'a state that nothing leads to is refused': unchecked,
  'a branch cannot leave for a state outside': unchecked,
  'a field of the other query language is refused': unchecked,
  'a state without an end or a next one, or of no type, is refused': unchecked,
  'States.ALL stands alone and last, or is refused': nameless,
  'an expression that is no JSONata is refused': unchecked,
  '$eval is refused': unchecked,
  'a branch cannot assign a variable of the scope around it': unchecked,
  'Choice without a default fails when nothing is met': 'moto calls it States.Runtime',
};
