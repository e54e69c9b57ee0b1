import type { Connector } from '../shared/connectors/connector.ts';
import airtableRecords from './airtable_records.ts';
import azureBlobCsv from './azure_blob_csv.ts';
import bigquery from './bigquery.ts';
import bigqueryIdentity from './bigquery_identity.ts';
import csvUpload from './csv_upload.ts';
import csvUrl from './csv_url.ts';
import gcsCsv from './gcs_csv.ts';
import githubIssues from './github_issues.ts';
import googleContacts from './google_contacts.ts';
import googleSheets from './google_sheets.ts';
import hubspotContacts from './hubspot_contacts.ts';
import intercomContacts from './intercom_contacts.ts';
import kafka from './kafka.ts';
import klaviyoProfiles from './klaviyo_profiles.ts';
import localFiles from './local_files.ts';
import mailchimpMembers from './mailchimp_members.ts';
import microsoftContacts from './microsoft_contacts.ts';
import mysql from './mysql.ts';
import mysqlIdentity from './mysql_identity.ts';
import pipedrivePersons from './pipedrive_persons.ts';
import postgres from './postgres.ts';
import postgresIdentity from './postgres_identity.ts';
import restApi from './rest_api.ts';
import s3Csv from './s3_csv.ts';
import salesforceContacts from './salesforce_contacts.ts';
import sftpCsv from './sftp_csv.ts';
import shopifyCustomers from './shopify_customers.ts';
import snowflake from './snowflake.ts';
import snowflakeIdentity from './snowflake_identity.ts';
import stripeCustomers from './stripe_customers.ts';
import stripePayments from './stripe_payments.ts';
import zendeskUsers from './zendesk_users.ts';

/** The connectors of this release. Each is `connectors/<name>.ts` with the connector as its default export. */
export const connectorNames = [
  'airtable_records',
  'azure_blob_csv',
  'bigquery',
  'bigquery_identity',
  'csv_upload',
  'csv_url',
  'gcs_csv',
  'github_issues',
  'google_contacts',
  'google_sheets',
  'hubspot_contacts',
  'intercom_contacts',
  'kafka',
  'klaviyo_profiles',
  'local_files',
  'mailchimp_members',
  'microsoft_contacts',
  'mysql',
  'mysql_identity',
  'pipedrive_persons',
  'postgres',
  'postgres_identity',
  'rest_api',
  's3_csv',
  'salesforce_contacts',
  'sftp_csv',
  'shopify_customers',
  'snowflake',
  'snowflake_identity',
  'stripe_customers',
  'stripe_payments',
  'zendesk_users',
] as const;
export type ConnectorName = (typeof connectorNames)[number];

const byName: Readonly<Record<ConnectorName, Connector>> = {
  airtable_records: airtableRecords,
  azure_blob_csv: azureBlobCsv,
  bigquery,
  bigquery_identity: bigqueryIdentity,
  csv_upload: csvUpload,
  csv_url: csvUrl,
  gcs_csv: gcsCsv,
  github_issues: githubIssues,
  google_contacts: googleContacts,
  google_sheets: googleSheets,
  hubspot_contacts: hubspotContacts,
  intercom_contacts: intercomContacts,
  kafka,
  klaviyo_profiles: klaviyoProfiles,
  local_files: localFiles,
  mailchimp_members: mailchimpMembers,
  microsoft_contacts: microsoftContacts,
  mysql,
  mysql_identity: mysqlIdentity,
  pipedrive_persons: pipedrivePersons,
  postgres,
  postgres_identity: postgresIdentity,
  rest_api: restApi,
  s3_csv: s3Csv,
  salesforce_contacts: salesforceContacts,
  sftp_csv: sftpCsv,
  shopify_customers: shopifyCustomers,
  snowflake,
  snowflake_identity: snowflakeIdentity,
  stripe_customers: stripeCustomers,
  stripe_payments: stripePayments,
  zendesk_users: zendeskUsers,
};

/** Every connector, in the order of the names. Describing one loads no driver: `read` imports it. */
export const connectors: readonly Connector[] = connectorNames.map((name) => byName[name]);
