import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { HeadgateFunction } from './headgateFunction.ts';

/**
 * Puts functions into subnets from which private databases can be reached. Nothing is looked up: subnets are
 * named, so that synthesis needs no account.
 */
export class DatabaseNetwork extends Construct {
  readonly securityGroup: ec2.CfnSecurityGroup;
  readonly #subnetIds: readonly string[];

  constructor(scope: Construct, id: string, vpcId: string, subnetIds: readonly string[]) {
    super(scope, id);
    this.#subnetIds = subnetIds;
    this.securityGroup = new ec2.CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'Headgate functions that read databases: they dial out, nobody dials them',
      vpcId,
      securityGroupEgress: [
        { ipProtocol: '-1', cidrIp: '0.0.0.0/0', description: 'databases, AWS' },
      ],
    });
  }

  place(function_: HeadgateFunction<'ingest'>): void {
    (function_.node.defaultChild as lambda.CfnFunction).vpcConfig = {
      subnetIds: [...this.#subnetIds],
      securityGroupIds: [this.securityGroup.attrGroupId],
    };
    function_.allow(
      'Network',
      [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      ['*'],
      'Lambda makes network interfaces for the function; their ids are not known beforehand',
    );
  }
}
