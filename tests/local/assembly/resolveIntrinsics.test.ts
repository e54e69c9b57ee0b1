// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation
import { describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../local/assembly/loadTemplates.ts';
import { createResolver } from '../../../local/assembly/resolveIntrinsics.ts';
import { writeAssembly } from './writeAssembly.ts';

const resolver = () =>
  createResolver(
    loadTemplates(
      writeAssembly({
        one: {
          Parameters: { Size: { Default: 'small' }, Needed: {} },
          Mappings: { Sizes: { small: { memory: 512 } } },
          Conditions: {
            Small: { 'Fn::Equals': [{ Ref: 'Size' }, 'small'] },
            Large: { 'Fn::Not': [{ Condition: 'Small' }] },
            Both: { 'Fn::And': [{ Condition: 'Small' }, { Condition: 'Large' }] },
            Either: { 'Fn::Or': [{ Condition: 'Small' }, { Condition: 'Large' }] },
          },
          Resources: {
            Lake: { Type: 'AWS::S3::Bucket' },
            Named: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'mail' } },
            Odd: { Type: 'AWS::Odd::Thing' },
          },
          Outputs: {
            LakeName: {
              Value: { Ref: 'Lake' },
              Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Lake' } },
            },
            Plain: { Value: { 'Fn::GetAtt': ['Named', 'Arn'] } },
          },
        },
        two: { Resources: {} },
      }),
    ),
  );
const resolve = (value: unknown, stack = 'one') => resolver().resolve(stack, value, 'here');

describe('intrinsics', () => {
  it.each([
    ['Ref of a resource', { Ref: 'Lake' }, 'one-lake'],
    ['Ref of a parameter', { Ref: 'Size' }, 'small'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Lake', 'Arn'] }, 'arn:aws:s3:::one-lake'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Lake.Arn' }, 'arn:aws:s3:::one-lake'],
    ['Join', { 'Fn::Join': ['/', [{ Ref: 'Lake' }, 'x', '*']] }, 'one-lake/x/*'],
    [
      'Sub with references, attributes, variables and an escape',
      { 'Fn::Sub': ['${Lake} ${Named.QueueName} ${word} ${!Lake}', { word: { Ref: 'Size' } }] },
      'one-lake mail small ${Lake}',
    ],
    ['Select and Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Size' }, 'memory'] }, 512],
    ['If', { 'Fn::If': ['Small', 'yes', 'no'] }, 'yes'],
    ['If on a negated condition', { 'Fn::If': ['Large', 'yes', 'no'] }, 'no'],
    ['If on and, or', [{ 'Fn::If': ['Both', 1, 2] }, { 'Fn::If': ['Either', 1, 2] }], [2, 1]],
    [
      'a plain value',
      { a: [1, true, null], Fn: 'no intrinsic' },
      { a: [1, true, null], Fn: 'no intrinsic' },
    ],
  ])('%s', (_, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it('read what another stack exports or puts out', () => {
    expect(resolve({ 'Fn::ImportValue': 'one:Lake' }, 'two')).toBe('one-lake');
    expect(
      resolve({ 'Fn::GetStackOutput': { StackName: 'one', OutputName: 'Plain' } }, 'two'),
    ).toBe('arn:aws:sqs:us-east-1:000000000000:mail');
  });

  it('drop what has no value, in objects and in lists', () => {
    const none = { Ref: 'AWS::NoValue' };
    expect(resolve({ a: none, b: [1, none, 2], c: { 'Fn::If': ['Large', 1, none] } })).toEqual({
      b: [1, 2],
    });
  });

  it.each([
    ['a resource that is not there', { Ref: 'Nothing' }, /here: one has no resource Nothing/],
    [
      'an attribute that is not known',
      { 'Fn::GetAtt': ['Lake', 'Colour'] },
      /here: Colour of a AWS::S3::Bucket is not known/,
    ],
    [
      'a type that is not known',
      { x: [{ Ref: 'Odd' }] },
      /here\.x\[0\]: Ref of a AWS::Odd::Thing is not known/,
    ],
    [
      'an intrinsic that is not known',
      { 'Fn::Cidr': [] },
      /here: the intrinsic Fn::Cidr is not known/,
    ],
    ['an import nobody exports', { 'Fn::ImportValue': 'x' }, /here: no stack exports x/],
    [
      'a parameter without a default',
      { Ref: 'Needed' },
      /here: the parameter Needed has no default/,
    ],
    [
      'a condition that is not there',
      { 'Fn::If': ['Odd', 1, 2] },
      /here: there is no condition Odd/,
    ],
    [
      'a mapping that lacks the key',
      { 'Fn::FindInMap': ['Sizes', 'big', 'memory'] },
      /here: the mapping Sizes has no big, memory/,
    ],
  ])('refuse %s and say where', (_, value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });
});
