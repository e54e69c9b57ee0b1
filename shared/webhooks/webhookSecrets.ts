import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

const webhookSecret = z.object({ url: z.url(), signingSecret: z.string() });
export type WebhookSecret = z.infer<typeof webhookSecret>;

/**
 * Where webhooks' addresses and signing secrets lie: below `headgate-notify/<stage>/`, outside the prefix that sources may
 * name, so that no source can be made to send them anywhere.
 */
export interface WebhookSecrets {
  create(tenant: string, webhookId: string, secret: WebhookSecret): Promise<string>;
  /** null when it is gone. */
  read(arn: string): Promise<WebhookSecret | null>;
  remove(arn: string): Promise<void>;
}

export const webhookSecrets = (client: SecretsManagerClient, prefix: string): WebhookSecrets => ({
  async create(tenant, webhookId, secret) {
    const { ARN } = await client.send(
      new CreateSecretCommand({
        Name: `${prefix}${tenant}/${webhookId}`,
        Description: 'Address and signing secret of a Headgate webhook',
        SecretString: JSON.stringify(secret),
        Tags: [{ Key: 'headgate:tenant', Value: tenant }],
      }),
    );
    if (ARN === undefined) throw new Error('Secrets Manager answered no ARN');
    return ARN;
  },
  async read(arn) {
    try {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
      return webhookSecret.parse(JSON.parse(SecretString));
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return null;
      throw error;
    }
  },
  async remove(arn) {
    try {
      await client.send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: 7 }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  },
});
