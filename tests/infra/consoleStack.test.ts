import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageFunction } from '../../infra/stacks/consoleStack.ts';
import { appWith } from './synthesise.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-console-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the console’s stack', () => {
  let template: Template;
  beforeAll(() => {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'assets/a.js'), '');
    const { console: stack } = appWith({ consoleFolder: folder });
    template = Template.fromStack(stack!);
  });

  it('is left out where no built console is named', () => {
    expect(appWith().console).toBe(null);
  });

  it('keeps its files from everybody but the distribution', () => {
    for (const bucket of Object.values(template.findResources('AWS::S3::Bucket')))
      expect(bucket['Properties'].PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    template.resourceCountIs('AWS::CloudFront::OriginAccessControl', 1);
  });

  it('sends the API’s requests on, uncached, to the API behind the same name', () => {
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        DefaultRootObject: 'index.html',
        DefaultCacheBehavior: { ViewerProtocolPolicy: 'redirect-to-https' },
        CacheBehaviors: Match.arrayWith([
          Match.objectLike({
            PathPattern: '/v1/*',
            ViewerProtocolPolicy: 'https-only',
            // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
            CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
            OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
          }),
        ]),
      },
    });
  });

  it('has security headers that let pages talk to the API, the landing bucket and live events only', () => {
    const [policy] = Object.values(
      template.findResources('AWS::CloudFront::ResponseHeadersPolicy'),
    );
    const text = JSON.stringify(policy);
    for (const part of ["default-src 'none'", "script-src 'self'", 'wss://', 'frame-ancestors'])
      expect(text).toContain(part);
    expect(text).not.toContain('unsafe-inline');
    expect(text).toContain('StrictTransportSecurity');
  });

  it('answers every page’s address with the one page, and files with themselves', () => {
    const uriFor = (uri: string): string =>
      runInNewContext(`${pageFunction}; handler({ request: { uri } }).uri`, { uri }) as string;
    expect(uriFor('/')).toBe('/index.html');
    expect(uriFor('/sources/01abc')).toBe('/index.html');
    expect(uriFor('/catalog/x/public.orders/')).toBe('/index.html');
    expect(uriFor('/assets/index-1.js')).toBe('/assets/index-1.js');
    expect(uriFor('/favicon.svg')).toBe('/favicon.svg');
  });
});
