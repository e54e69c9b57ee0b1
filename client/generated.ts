// Made from the OpenAPI document by `npm run generate`. Not edited by hand.

export type AcceptedRun = {
  readonly runId: string;
  readonly sourceId: string;
  /** `coalesced`: an equal request was already waiting. */
  readonly status: "started" | "queued" | "coalesced";
};

export type AuditEntry = {
  readonly id: string;
  readonly at: string;
  /** Id of the token, or of the person who signed in. */
  readonly by: string;
  readonly requestId: string;
  readonly action: "source.created" | "source.changed" | "source.deleted" | "credentials.replaced" | "source.tested" | "attention.acknowledged" | "rejects.replayed" | "run.requested" | "run.cancelled" | "run.undone" | "cursor.set" | "data.cleared" | "upload.created" | "upload.completed" | "upload.aborted" | "file.deleted" | "file.reloaded" | "file.restored" | "token.created" | "token.revoked" | "webhook.created" | "webhook.changed" | "webhook.deleted" | "oauth.connected";
  /** Source, run, file, token or webhook. */
  readonly subject: string;
  /** The changed fields as they were, secrets left out. */
  readonly before: Json | null;
  /** The changed fields as they are, secrets left out. */
  readonly after: Json | null;
};

export type ChangeSource = {
  /** Immutable; may be sent if it is the same. */
  readonly key?: string | undefined;
  /** Refused with 409 unless it is current. */
  readonly rowVersion?: number | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly collection?: string | null | undefined;
  /** Name of the catalogue; may stay empty in a draft. */
  readonly connector?: string | undefined;
  /** As the connector’s `configSchema` says. */
  readonly config?: { readonly [name: string]: Json } | undefined;
  /** Of files; short for `config.format`. */
  readonly fileFormat?: "csv" | "tsv" | "json" | "jsonl" | "parquet" | "xlsx" | null | undefined;
  readonly namespace?: string | undefined;
  readonly table?: string | undefined;
  readonly syncMode?: "full_refresh" | "full_refresh_append" | "incremental" | "cdc" | undefined;
  readonly primaryKey?: readonly string[] | undefined;
  readonly cursorField?: string | null | undefined;
  readonly streams?: { readonly [name: string]: {
      readonly onDelete?: "tombstone" | "remove" | undefined;
      readonly maxRejectedRows?: number | null | undefined;
      readonly maxRejectedRatio?: number | null | undefined;
      readonly nested?: "json" | "flatten" | undefined;
      readonly syncMode?: "full_refresh" | "full_refresh_append" | "incremental" | "cdc" | undefined;
      readonly primaryKey?: readonly string[] | undefined;
      readonly cursorField?: string | undefined;
      readonly columns?: readonly string[] | undefined;
      readonly exclude?: readonly string[] | undefined;
      readonly rename?: { readonly [name: string]: string } | undefined;
      readonly types?: { readonly [name: string]: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string } | undefined;
      readonly masks?: { readonly [name: string]: "hash" | "redact" | "drop" } | undefined;
      readonly contract?: "evolve" | "freeze" | "discard_row" | "discard_value" | undefined;
      readonly table?: string | undefined;
    } } | null | undefined;
  readonly schedule?: {
    readonly cron: string;
    readonly timezone: string;
  } | null | undefined;
  /** New columns, and values that do not fit: `evolve` takes them in, `freeze` fails, `discard_row` rejects the row, `discard_value` leaves the value out. */
  readonly contract?: "evolve" | "freeze" | "discard_row" | "discard_value" | undefined;
  /** For all streams; a stream’s own settings go before. */
  readonly rules?: {
    readonly onDelete?: "tombstone" | "remove" | undefined;
    readonly maxRejectedRows?: number | null | undefined;
    readonly maxRejectedRatio?: number | null | undefined;
    readonly nested?: "json" | "flatten" | undefined;
    readonly detectDeletes?: {
      readonly cron: string;
      readonly timezone: string;
    } | null | undefined;
  } | undefined;
  readonly freshnessTargetSeconds?: number | null | undefined;
  readonly status?: "draft" | "active" | "paused" | "archived" | undefined;
};

export type ChangeWebhook = {
  readonly name?: string | undefined;
  readonly types?: readonly ("sync_queued" | "sync_started" | "sync_progress" | "sync_succeeded" | "sync_failed" | "sync_cancelled" | "file_uploaded" | "file_deleted" | "schema_drift" | "source_changed")[] | null | undefined;
  readonly isActive?: boolean | undefined;
};

export type CompleteUpload = {
  /** Load it now; else it waits for the next run. */
  readonly triggerSync?: boolean | undefined;
};

export type CompletedUpload = {
  readonly file: File;
  readonly run: AcceptedRun | null;
};

export type ConnectOAuth = {
  /** Id or key; its configuration must be complete. */
  readonly source: string;
  /** All fields of the way `oauth2` but the refresh token: client id and secret of your app. */
  readonly credentials: { readonly [name: string]: Json };
  /** Where the person comes back to; known to your app. */
  readonly redirectUri: string;
};

export type Connection = {
  /** As the connector’s `configSchema` says. */
  readonly config: { readonly [name: string]: Json };
  /** As the connector’s `credentialsSchema` says. Never given out again. */
  readonly credentials?: { readonly [name: string]: Json } | undefined;
  readonly secretRef?: {
    readonly arn: string;
    readonly jsonKey?: string | undefined;
  } | undefined;
};

export type Connector = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly docs: string;
  readonly labels: readonly string[];
  readonly authMethods: readonly {
    readonly name: string;
    readonly title: string;
    readonly fields: readonly string[];
  }[];
  /** A person can agree in the browser: `POST /v1/oauth/connect`. */
  readonly canConnect: boolean;
  readonly syncModes: readonly ("full_refresh" | "full_refresh_append" | "incremental" | "cdc")[];
  /** Endings of files it takes; empty: none. */
  readonly fileTypes: readonly string[];
  readonly supportsContinuous: boolean;
  readonly supportsDateRange: boolean;
  readonly authFields: readonly {
    readonly name: string;
    readonly type: "string" | "password" | "number" | "boolean" | "object";
    readonly required: boolean;
    readonly title?: string | undefined;
    readonly description?: string | undefined;
  }[];
  /** JSON Schema of `config`. */
  readonly configSchema: { readonly [name: string]: Json };
  /** JSON Schema of `credentials`. */
  readonly credentialsSchema: { readonly [name: string]: Json };
};

export type ConnectorSummary = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly docs: string;
  readonly labels: readonly string[];
  readonly authMethods: readonly {
    readonly name: string;
    readonly title: string;
    readonly fields: readonly string[];
  }[];
  /** A person can agree in the browser: `POST /v1/oauth/connect`. */
  readonly canConnect: boolean;
  readonly syncModes: readonly ("full_refresh" | "full_refresh_append" | "incremental" | "cdc")[];
  /** Endings of files it takes; empty: none. */
  readonly fileTypes: readonly string[];
  readonly supportsContinuous: boolean;
  readonly supportsDateRange: boolean;
};

export type CreateSource = {
  readonly key: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly collection?: string | null | undefined;
  /** Name of the catalogue; may stay empty in a draft. */
  readonly connector?: string | undefined;
  /** As the connector’s `configSchema` says. */
  readonly config?: { readonly [name: string]: Json } | undefined;
  /** As the connector’s `credentialsSchema` says. Never given out again. */
  readonly credentials?: { readonly [name: string]: Json } | undefined;
  /** A secret under the tenant’s prefix, instead of `credentials`. */
  readonly secretRef?: {
    readonly arn: string;
    readonly jsonKey?: string | undefined;
  } | undefined;
  /** Of files; short for `config.format`. */
  readonly fileFormat?: "csv" | "tsv" | "json" | "jsonl" | "parquet" | "xlsx" | null | undefined;
  /** Left out: `default`; for a source of many tables, made from the key. */
  readonly namespace?: string | undefined;
  /** Left out: made from the key. */
  readonly table?: string | undefined;
  /** Left out: `full_refresh`, for uploaded files `incremental`. */
  readonly syncMode?: "full_refresh" | "full_refresh_append" | "incremental" | "cdc" | undefined;
  readonly primaryKey?: readonly string[] | undefined;
  readonly cursorField?: string | null | undefined;
  readonly streams?: { readonly [name: string]: {
      readonly onDelete?: "tombstone" | "remove" | undefined;
      readonly maxRejectedRows?: number | null | undefined;
      readonly maxRejectedRatio?: number | null | undefined;
      readonly nested?: "json" | "flatten" | undefined;
      readonly syncMode?: "full_refresh" | "full_refresh_append" | "incremental" | "cdc" | undefined;
      readonly primaryKey?: readonly string[] | undefined;
      readonly cursorField?: string | undefined;
      readonly columns?: readonly string[] | undefined;
      readonly exclude?: readonly string[] | undefined;
      readonly rename?: { readonly [name: string]: string } | undefined;
      readonly types?: { readonly [name: string]: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string } | undefined;
      readonly masks?: { readonly [name: string]: "hash" | "redact" | "drop" } | undefined;
      readonly contract?: "evolve" | "freeze" | "discard_row" | "discard_value" | undefined;
      readonly table?: string | undefined;
    } } | null | undefined;
  readonly schedule?: {
    readonly cron: string;
    readonly timezone: string;
  } | null | undefined;
  /** New columns, and values that do not fit: `evolve` takes them in, `freeze` fails, `discard_row` rejects the row, `discard_value` leaves the value out. */
  readonly contract?: "evolve" | "freeze" | "discard_row" | "discard_value" | undefined;
  /** For all streams; a stream’s own settings go before. */
  readonly rules?: {
    readonly onDelete?: "tombstone" | "remove" | undefined;
    readonly maxRejectedRows?: number | null | undefined;
    readonly maxRejectedRatio?: number | null | undefined;
    readonly nested?: "json" | "flatten" | undefined;
    readonly detectDeletes?: {
      readonly cron: string;
      readonly timezone: string;
    } | null | undefined;
  } | undefined;
  readonly freshnessTargetSeconds?: number | null | undefined;
  readonly status?: "draft" | "active" | "paused" | "archived" | undefined;
};

export type CreateToken = {
  readonly name: string;
  readonly role?: "viewer" | "editor" | "admin" | undefined;
  /** Ids or keys of the only sources it may touch. Left out: all. */
  readonly sources?: readonly string[] | undefined;
  /** Left out: valid until revoked. */
  readonly expiresAt?: string | undefined;
};

export type CreateUpload = {
  /** May hold folders: `2026/orders.csv`. */
  readonly name: string;
  /** Needed with `multipart`. */
  readonly bytes?: number | undefined;
  readonly contentType?: string | undefined;
  /** Upload in parts: needed above the limit of a single upload, up to 5 TiB. */
  readonly multipart?: boolean | undefined;
  /** Take the place of the file of the same name, else 409. */
  readonly replace?: boolean | undefined;
};

export type CreateWebhook = {
  readonly name: string;
  /** https, public. Shown never again. */
  readonly url: string;
  readonly topic?: "events" | "alerts" | undefined;
  readonly format?: "json" | "slack" | undefined;
  /** Left out: all but `sync_progress`. */
  readonly types?: readonly ("sync_queued" | "sync_started" | "sync_progress" | "sync_succeeded" | "sync_failed" | "sync_cancelled" | "file_uploaded" | "file_deleted" | "schema_drift" | "source_changed")[] | undefined;
  /** Ids or keys of the only sources. Left out: all. */
  readonly sources?: readonly string[] | undefined;
};

export type CreatedToken = {
  readonly id: string;
  readonly name: string;
  readonly role: "viewer" | "editor" | "admin";
  /** Ids of the only sources it may touch; null is all. */
  readonly sources: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** Exact to about five minutes. */
  readonly lastUsedAt: string | null;
  /** Shown only now; Headgate keeps its hash. */
  readonly token: string;
};

export type CreatedWebhook = {
  readonly id: string;
  readonly name: string;
  /** Scheme and host; the rest is kept as a secret. */
  readonly address: string;
  /** `events`: each as it happens. `alerts`: once when something goes wrong, once when it is right again. */
  readonly topic: "events" | "alerts";
  /** `slack`: `{ "text": … }`. */
  readonly format: "json" | "slack";
  /** Events it is told of; null: all but `sync_progress`. */
  readonly types: readonly ("sync_queued" | "sync_started" | "sync_progress" | "sync_succeeded" | "sync_failed" | "sync_cancelled" | "file_uploaded" | "file_deleted" | "schema_drift" | "source_changed")[] | null;
  /** Ids of the only sources; null: all. */
  readonly sources: readonly string[] | null;
  readonly isActive: boolean;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastAttempt: {
    readonly at: string;
    readonly id: string;
    readonly attempt: number;
    readonly ok: boolean;
    readonly status: number | null;
    readonly detail: string | null;
  } | null;
  /** `whsec_…`, shown only now: what the signature of each delivery is made with. */
  readonly signingSecret: string;
};

export type Event = {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "sync_queued";
  readonly data: {
    readonly runId: string;
    readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
    readonly trigger: "api" | "schedule" | "file" | "upload";
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "sync_started";
  readonly data: {
    readonly runId: string;
    readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "sync_progress";
  readonly data: {
    readonly runId: string;
    readonly pages: number;
    readonly rows: number;
    readonly bytes: number;
    readonly stream: string | null;
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "sync_succeeded";
  readonly data: {
    readonly runId: string;
    readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
    readonly status: "succeeded" | "partial";
    readonly result: "loaded" | "nothing_new" | "no_data" | null;
    readonly counts: {
      readonly read: number;
      readonly written: number;
      readonly rejected: number;
      readonly deduplicated: number;
      readonly bytes: number;
    };
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "sync_failed";
  readonly data: {
    readonly runId: string;
    readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
    readonly status: "failed" | "timed_out";
    readonly error: {
      readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
      readonly message: string;
    } | null;
    readonly counts: {
      readonly read: number;
      readonly written: number;
      readonly rejected: number;
      readonly deduplicated: number;
      readonly bytes: number;
    };
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "sync_cancelled";
  readonly data: {
    readonly runId: string;
    readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
    readonly status: "cancelled" | "skipped";
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "file_uploaded";
  readonly data: {
    readonly name: string;
    readonly versionId: string;
    readonly bytes: number;
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "file_deleted";
  readonly data: {
    readonly name: string;
    readonly versionId: string;
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "schema_drift";
  readonly data: {
    readonly runId: string;
    readonly stream: string;
    readonly isBreaking: boolean;
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
    readonly more: number;
  };
} | {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly sourceId: string;
  readonly sourceKey: string | null;
  readonly type: "source_changed";
  readonly data: {
    readonly change: "created" | "changed" | "deleted";
    readonly rowVersion: number;
    readonly fields: readonly string[];
    readonly attention: readonly string[];
  };
};

export type EventPage = {
  readonly events: readonly Event[];
  /** The number up to which this answer tells everything: `after` of the next request. */
  readonly upTo: number;
  /** The number of the newest event. */
  readonly head: number;
  /** Events after `after` are no longer kept: load everything anew, and go on from `head`. */
  readonly reset: boolean;
};

export type File = {
  readonly name: string;
  readonly versionId: string;
  readonly bytes: number;
  readonly modifiedAt: string;
  readonly status: "on_disk" | "pending" | "processing" | "loaded" | "failed" | "file_deleted";
  /** The next run loads it. */
  readonly waiting: boolean;
  readonly rows: number | null;
  readonly rejected: number | null;
  readonly loadedAt: string | null;
  /** What detection chose: `csv, utf-16le, ";"`. */
  readonly detected: string | null;
  /** A file with the same bytes, whose rows stand for this one’s too. */
  readonly duplicateOf: string | null;
  readonly error: {
    readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
    readonly message: string;
    readonly stream?: string | undefined;
    readonly facts?: { readonly [name: string]: Json } | undefined;
  } | null;
};

export type FileAndRun = {
  readonly file: File;
  /** null: a later run loads it, as too many wait. */
  readonly run: AcceptedRun | null;
};

export type FinishOAuth = {
  readonly state: string;
  readonly code: string;
};

export type FunctionReport = {
  readonly from: string;
  readonly to: string;
  /** Of all functions. */
  readonly invocations: number;
  /** Functions that failed at least once, the worst first. */
  readonly failing: readonly {
    /** Without the prefix of the stage. */
    readonly name: string;
    readonly invocations: number;
    readonly failures: number;
  }[];
};

export type Health = {
  readonly status: "ok" | "attention";
  readonly at: string;
  readonly sources: {
    readonly total: number;
    readonly byHealth: { readonly [name: string]: number };
    /** Older than their freshness target. */
    readonly stale: number;
  };
  readonly recentFailures: readonly {
    readonly sourceId: string;
    readonly sourceKey: string;
    readonly runId: string;
    readonly status: "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled" | "timed_out" | "skipped";
    readonly error: {
      readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
      readonly message: string;
      readonly stream?: string | undefined;
      readonly facts?: { readonly [name: string]: Json } | undefined;
    } | null;
    readonly finishedAt: string;
  }[];
  /** Locks that are held; at most 100. */
  readonly running: readonly {
    readonly sourceId: string;
    readonly sourceKey: string;
    readonly runId: string;
    readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
    /** 0: not begun. */
    readonly attempt: number;
    readonly heldSince: string | null;
    /** When the lock may be taken over. */
    readonly leaseUntil: string | null;
    /** The run that is next. */
    readonly waitingRunId: string | null;
  }[];
  readonly attention: readonly {
    readonly sourceId: string;
    readonly sourceKey: string;
    readonly code: string;
    readonly message: string;
    readonly since: string;
  }[];
};

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

export type LiveAddress = {
  /** Of the WebSocket. The token goes into the first message. */
  readonly url: string;
};

export type LiveSchema = {
  readonly sourceId: string;
  readonly sourceKey: string;
  readonly inspectedAt: string;
  readonly streams: readonly {
    readonly name: string;
    /** null: known only once a file is read. */
    readonly columns: readonly {
      readonly name: string;
      readonly nativeType: string | null;
      /** Type in the table. */
      readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
    }[] | null;
    readonly primaryKey: readonly string[];
    readonly cursorFields: readonly string[];
    readonly syncModes: readonly ("full_refresh" | "full_refresh_append" | "incremental" | "cdc")[];
    readonly captures: "inserts" | "changes" | "snapshot";
    readonly deletes: "tombstone" | "flag" | "none";
    readonly ordered: boolean;
    readonly timeZone: string;
    readonly supportsDateRange: boolean;
    readonly notes: readonly string[];
  }[];
};

export type Me = {
  readonly tenant: string;
  readonly role: "viewer" | "editor" | "admin";
  readonly tokenId: string;
  readonly sources: readonly string[] | null;
};

export type OAuthAddress = {
  /** Send the person here. */
  readonly url: string;
  /** Until when they must be back. */
  readonly expiresAt: string;
};

export type OAuthApp = {
  /** What the vendor calls the app; no secret. */
  readonly clientId: string;
  readonly connector: string;
  /** The connector’s title. */
  readonly vendor: string;
  readonly usedBy: readonly {
    readonly sourceId: string;
    readonly sourceKey: string;
  }[];
};

export type OfferedStreams = {
  readonly inspectedAt: string;
  readonly streams: readonly {
    readonly name: string;
    /** null: known only once a file is read. */
    readonly columns: readonly {
      readonly name: string;
      readonly nativeType: string | null;
      /** Type in the table. */
      readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
    }[] | null;
    readonly primaryKey: readonly string[];
    readonly cursorFields: readonly string[];
    readonly syncModes: readonly ("full_refresh" | "full_refresh_append" | "incremental" | "cdc")[];
    readonly captures: "inserts" | "changes" | "snapshot";
    readonly deletes: "tombstone" | "flag" | "none";
    readonly ordered: boolean;
    readonly timeZone: string;
    readonly supportsDateRange: boolean;
    readonly notes: readonly string[];
  }[];
};

export type Problem = {
  /** `/problems/<code>`, or `about:blank`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  readonly errors?: readonly {
    /** RFC 6901 pointer as a fragment: `#/schedule/cron`. */
    readonly pointer: string;
    readonly detail: string;
  }[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly [name: string]: Json | undefined;
};

export type ProblemType = {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly retryable: boolean;
};

export type RedeemSignIn = {
  readonly provider: string;
  /** What the issuer sent to `redirectUri`. */
  readonly code: string;
  /** Of PKCE (S256). */
  readonly verifier: string;
  readonly redirectUri: string;
  /** The one of the authorization request. */
  readonly nonce: string;
};

export type RejectsPart = {
  readonly sourceId: string;
  readonly stream: string;
  readonly format: "csv" | "ndjson";
  /** Whole rows; a header only in the first part of CSV. */
  readonly text: string;
  readonly rows: number;
  readonly hasMore: boolean;
  readonly nextCursor: string | null;
};

export type ReloadFile = {
  /** Load it although another file with the same bytes is loaded. */
  readonly force?: boolean | undefined;
};

export type ReplaceConfig = {
  /** As the connector’s `configSchema` says. */
  readonly config: { readonly [name: string]: Json };
  readonly rowVersion?: number | undefined;
};

export type ReplaceCredentials = {
  /** As the connector’s `credentialsSchema` says. Never given out again. */
  readonly credentials?: { readonly [name: string]: Json } | undefined;
  readonly secretRef?: {
    readonly arn: string;
    readonly jsonKey?: string | undefined;
  } | undefined;
  readonly rowVersion?: number | undefined;
};

export type ReplayRejects = {
  /** Left out: all that have rejects. */
  readonly streams?: readonly string[] | undefined;
  /** Only rows of these files. */
  readonly files?: readonly string[] | undefined;
  /** While a run holds the source: wait, or be refused. */
  readonly whenBusy?: "queue" | "reject" | undefined;
};

export type Rows = {
  readonly sourceId: string;
  readonly stream: string;
  readonly snapshotId: string | null;
  readonly columns: readonly {
    readonly name: string;
    readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
  }[];
  /** 64-bit integers and decimals are text, so that no digit is lost. */
  readonly rows: readonly { readonly [name: string]: Json }[];
  /** Columns with values too long to show whole; those end with … */
  readonly cut: readonly string[];
  /** Rows there are. */
  readonly total: number;
  readonly hasMore: boolean;
};

export type Run = {
  readonly id: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly kind: "ingest" | "clear" | "file_delete" | "replay" | "detect_deletes" | "undo" | "set_cursor";
  readonly mode: "full_refresh" | "full_refresh_append" | "incremental" | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly trigger: "api" | "schedule" | "file" | "upload";
  readonly requestedBy: string;
  readonly status: "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled" | "timed_out" | "skipped";
  readonly result: "loaded" | "nothing_new" | "no_data" | null;
  readonly error: {
    readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
    readonly message: string;
    readonly stream?: string | undefined;
    readonly facts?: { readonly [name: string]: Json } | undefined;
  } | null;
  readonly counts: {
    readonly read: number;
    readonly written: number;
    readonly rejected: number;
    readonly deduplicated: number;
    readonly bytes: number;
  };
  /** Rows that are in the table, whatever became of the rest. */
  readonly committedRows: number;
  /** Of a source of files: those loaded, and those whose bytes were loaded before. */
  readonly files: {
    readonly loaded: number;
    readonly duplicates: number;
  } | null;
  readonly streams: { readonly [name: string]: {
      readonly status: "succeeded" | "failed";
      readonly counts: {
        readonly read: number;
        readonly written: number;
        readonly rejected: number;
        readonly deduplicated: number;
        readonly bytes: number;
      };
      readonly error?: {
        readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
        readonly message: string;
        readonly stream?: string | undefined;
        readonly facts?: { readonly [name: string]: Json } | undefined;
      } | undefined;
    } };
  /** While it runs. */
  readonly progress: {
    readonly pages: number;
    readonly rows: number;
    readonly bytes: number;
    readonly stream?: string | undefined;
  } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationSeconds: number | null;
  readonly gigabyteSeconds: number;
  readonly stateTransitions: number;
  /** Functions and state transitions, us-east-1. */
  readonly costUsd: number;
};

export type RunDrift = {
  readonly runId: string;
  readonly drift: readonly SchemaDrift[];
};

export type RunLog = {
  readonly runId: string;
  readonly entries: readonly {
    readonly at: string;
    readonly level: "info" | "warn" | "error";
    readonly message: string;
    readonly facts?: { readonly [name: string]: Json } | undefined;
  }[];
};

export type ScheduleEntry = {
  readonly sourceId: string;
  readonly sourceKey: string;
  readonly sourceName: string;
  readonly status: "draft" | "active" | "paused" | "archived";
  readonly schedule: {
    readonly cron: string;
    readonly timezone: string;
  };
  readonly scheduleText: string;
  /** The next five; empty unless active. */
  readonly nextRunTimes: readonly string[];
};

export type SchedulePreview = {
  /** In words: “Daily at 02:00 (New York)”. */
  readonly scheduleText: string;
  /** The next five. */
  readonly nextRunTimes: readonly string[];
};

export type SchemaDrift = {
  readonly runId: string;
  readonly stream: string;
  readonly at: string;
  /** A column is gone, or has another type. */
  readonly isBreaking: boolean;
  readonly added: readonly {
    readonly name: string;
    readonly source?: string | undefined;
    readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string | null;
    readonly samples: readonly string[];
    readonly isStored: boolean;
    readonly discarded: number | null;
  }[];
  readonly removed: readonly {
    readonly name: string;
    readonly source?: string | undefined;
    readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
  }[];
  readonly changed: readonly {
    readonly name: string;
    readonly source?: string | undefined;
    readonly from: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
    readonly to: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string | null;
    readonly samples: readonly string[];
    readonly isStored: boolean;
    readonly discarded: number | null;
  }[];
  /** Further columns that are not named here. */
  readonly more: number;
};

export type SchemaVersion = {
  readonly stream: string;
  /** The run that made it. */
  readonly runId: string;
  readonly at: string;
  /** The same for equal schemas. */
  readonly hash: string;
  readonly columns: readonly {
    readonly id: number;
    readonly name: string;
    readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
    /** The source’s own spelling where it differs. */
    readonly doc: string | null;
  }[];
};

export type SecretEntry = {
  /** Below the tenant’s prefix. */
  readonly name: string;
  readonly jsonKey: string | null;
  readonly shared: boolean;
  readonly usedBy: readonly {
    readonly sourceId: string;
    readonly sourceKey: string;
  }[];
};

export type SetCursor = {
  /** As `GET …/streams` shows it. null: the next run starts from nothing. */
  readonly cursor: Json | null;
};

export type SignInToken = {
  /** The bearer token from now on. */
  readonly token: string;
  readonly expiresAt: string;
};

export type SignInWays = {
  readonly providers: readonly {
    readonly id: string;
    readonly title: string;
    readonly authorizationEndpoint: string;
    readonly clientId: string;
    readonly scopes: string;
  }[];
};

export type Snapshots = {
  readonly sourceId: string;
  readonly stream: string;
  readonly snapshots: readonly {
    readonly snapshotId: string;
    readonly committedAt: string;
    readonly operation: string;
    readonly addedRows: number;
    readonly removedRows: number;
    readonly rows: number;
    readonly bytes: number;
    readonly dataFiles: number;
    readonly runId: string | null;
  }[];
  readonly hasMore: boolean;
};

export type Source = {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly collection: string | null;
  readonly connector: string;
  readonly fileFormat: string | null;
  readonly namespace: string;
  readonly table: string;
  readonly syncMode: "full_refresh" | "full_refresh_append" | "incremental" | "cdc";
  readonly schedule: {
    readonly cron: string;
    readonly timezone: string;
  } | null;
  /** In words: “Daily at 02:00 (New York)”. */
  readonly scheduleText: string;
  /** null: not scheduled, or not active. */
  readonly nextRunAt: string | null;
  readonly status: "draft" | "active" | "paused" | "archived";
  readonly health: "never_synced" | "queued" | "syncing" | "processing" | "synced" | "no_data" | "failed";
  readonly attention: readonly {
    readonly code: string;
    readonly message: string;
    readonly since: string;
  }[];
  readonly lastSyncAt: string | null;
  readonly lastSyncStatus: "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled" | "timed_out" | "skipped" | null;
  readonly lastSyncResult: "loaded" | "nothing_new" | "no_data" | null;
  readonly lastSyncError: {
    readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
    readonly message: string;
    readonly stream?: string | undefined;
    readonly facts?: { readonly [name: string]: Json } | undefined;
  } | null;
  readonly lastRunId: string | null;
  readonly lastSuccessAt: string | null;
  /** The run that holds the lock. */
  readonly currentRunId: string | null;
  readonly recordCount: number;
  readonly syncCount: number;
  readonly freshness: {
    /** Since the last success; null: never. */
    readonly ageSeconds: number | null;
    readonly targetSeconds: number | null;
  };
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly rowVersion: number;
  /** Sensitive values are `***`. */
  readonly config: { readonly [name: string]: Json };
  /** Whether any are stored, and whose. */
  readonly credentials: "none" | "own" | "shared";
  readonly primaryKey: readonly string[];
  readonly cursorField: string | null;
  readonly streams: { readonly [name: string]: {
      readonly onDelete?: "tombstone" | "remove" | undefined;
      readonly maxRejectedRows?: number | null | undefined;
      readonly maxRejectedRatio?: number | null | undefined;
      readonly nested?: "json" | "flatten" | undefined;
      readonly syncMode?: "full_refresh" | "full_refresh_append" | "incremental" | "cdc" | undefined;
      readonly primaryKey?: readonly string[] | undefined;
      readonly cursorField?: string | undefined;
      readonly columns?: readonly string[] | undefined;
      readonly exclude?: readonly string[] | undefined;
      readonly rename?: { readonly [name: string]: string } | undefined;
      readonly types?: { readonly [name: string]: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string } | undefined;
      readonly masks?: { readonly [name: string]: "hash" | "redact" | "drop" } | undefined;
      readonly contract?: "evolve" | "freeze" | "discard_row" | "discard_value" | undefined;
      readonly table?: string | undefined;
    } } | null;
  readonly contract: "evolve" | "freeze" | "discard_row" | "discard_value";
  readonly rules: {
    readonly onDelete?: "tombstone" | "remove" | undefined;
    readonly maxRejectedRows?: number | null | undefined;
    readonly maxRejectedRatio?: number | null | undefined;
    readonly nested?: "json" | "flatten" | undefined;
    readonly detectDeletes?: {
      readonly cron: string;
      readonly timezone: string;
    } | null | undefined;
  };
  readonly lastSyncCounts: {
    readonly read: number;
    readonly written: number;
    readonly rejected: number;
    readonly deduplicated: number;
    readonly bytes: number;
  } | null;
};

export type SourceSummary = {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly collection: string | null;
  readonly connector: string;
  readonly fileFormat: string | null;
  readonly namespace: string;
  readonly table: string;
  readonly syncMode: "full_refresh" | "full_refresh_append" | "incremental" | "cdc";
  readonly schedule: {
    readonly cron: string;
    readonly timezone: string;
  } | null;
  /** In words: “Daily at 02:00 (New York)”. */
  readonly scheduleText: string;
  /** null: not scheduled, or not active. */
  readonly nextRunAt: string | null;
  readonly status: "draft" | "active" | "paused" | "archived";
  readonly health: "never_synced" | "queued" | "syncing" | "processing" | "synced" | "no_data" | "failed";
  readonly attention: readonly {
    readonly code: string;
    readonly message: string;
    readonly since: string;
  }[];
  readonly lastSyncAt: string | null;
  readonly lastSyncStatus: "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled" | "timed_out" | "skipped" | null;
  readonly lastSyncResult: "loaded" | "nothing_new" | "no_data" | null;
  readonly lastSyncError: {
    readonly code: "validation_failed" | "invalid_credentials" | "invalid_config" | "unauthorized" | "forbidden" | "not_found" | "key_exists" | "row_version_mismatch" | "sync_in_progress" | "queue_full" | "run_finished" | "cannot_undo" | "cannot_retry" | "file_exists" | "source_archived" | "idempotency_mismatch" | "payload_too_large" | "unsupported_media_type" | "unprocessable_file" | "name_missing" | "too_many_requests" | "service_unavailable" | "source_unreachable" | "source_throttled" | "source_quota_exhausted" | "source_forbidden" | "source_not_found" | "source_answer_invalid" | "cursor_expired" | "address_refused" | "file_unreadable" | "file_changed" | "no_progress" | "fence_lost" | "not_reconciled" | "schema_frozen" | "too_many_rejects" | "run_cancelled" | "lease_expired" | "queue_timeout" | "max_hold_exceeded" | "out_of_memory" | "internal_error";
    readonly message: string;
    readonly stream?: string | undefined;
    readonly facts?: { readonly [name: string]: Json } | undefined;
  } | null;
  readonly lastRunId: string | null;
  readonly lastSuccessAt: string | null;
  /** The run that holds the lock. */
  readonly currentRunId: string | null;
  readonly recordCount: number;
  readonly syncCount: number;
  readonly freshness: {
    /** Since the last success; null: never. */
    readonly ageSeconds: number | null;
    readonly targetSeconds: number | null;
  };
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly rowVersion: number;
};

export type StartRun = {
  /** Left out: the source’s own. */
  readonly mode?: "full_refresh" | "full_refresh_append" | "incremental" | undefined;
  /** Backfill from here; neither the cursor nor rows outside move. */
  readonly startDate?: string | string | undefined;
  /** Backfill to here, exclusive. Needs `startDate`. */
  readonly endDate?: string | string | undefined;
  /** Left out: all selected. */
  readonly streams?: readonly string[] | undefined;
  /** Load files again whose bytes were loaded before. */
  readonly force?: boolean | undefined;
  /** While a run holds the source: wait, or be refused. */
  readonly whenBusy?: "queue" | "reject" | undefined;
};

export type StreamState = {
  readonly name: string;
  /** `<namespace>.<table>` */
  readonly table: string;
  readonly rows: number;
  /** Where the next incremental run goes on. */
  readonly cursor: Json | null;
  /** A full read was broken off; the next run within a day goes on with it. */
  readonly unfinishedSince: string | null;
  /** The last run that read everything again by itself, because the source no longer knew the cursor. */
  readonly renewed: {
    readonly runId: string;
    readonly at: string;
    readonly reason: string;
  } | null;
  readonly lastRunId: string | null;
  readonly updatedAt: string;
};

export type Table = {
  /** `<namespace>.<table>` */
  readonly name: string;
  readonly sourceId: string;
  readonly sourceKey: string;
  readonly stream: string;
  readonly location: string;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly bytes: number;
  readonly dataFiles: number;
  readonly snapshotId: string | null;
  readonly updatedAt: string;
  /** Key of the Iceberg metadata in the lake bucket. */
  readonly metadataLocation: string | null;
  readonly columns: readonly {
    readonly id: number;
    readonly name: string;
    readonly type: "boolean" | "int" | "long" | "float" | "double" | "date" | "timestamp" | "timestamptz" | "string" | "binary" | string;
    /** The source’s own spelling where it differs. */
    readonly doc: string | null;
  }[];
};

export type TableSummary = {
  /** `<namespace>.<table>` */
  readonly name: string;
  readonly sourceId: string;
  readonly sourceKey: string;
  readonly stream: string;
  readonly location: string;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly bytes: number;
  readonly dataFiles: number;
  readonly snapshotId: string | null;
  readonly updatedAt: string;
};

export type TestDelivery = {
  readonly id: string;
};

export type TestResult = {
  readonly ok: boolean;
  readonly status: "connected" | "failed";
  readonly code?: string | undefined;
  readonly message: string;
  /** First records of each stream, before masks and other rules, where the connector shows what its configuration comes to. Stored nowhere. */
  readonly sample?: readonly {
    readonly stream: string;
    readonly records: readonly { readonly [name: string]: Json }[];
  }[] | undefined;
  readonly testedAt: string;
};

export type Token = {
  readonly id: string;
  readonly name: string;
  readonly role: "viewer" | "editor" | "admin";
  /** Ids of the only sources it may touch; null is all. */
  readonly sources: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** Exact to about five minutes. */
  readonly lastUsedAt: string | null;
};

export type Upload = {
  readonly method: "POST";
  readonly uploadId: string;
  readonly sourceId: string;
  readonly name: string;
  readonly url: string;
  /** Form fields to send before `file`, as multipart/form-data. */
  readonly fields: { readonly [name: string]: string };
  readonly maxBytes: number;
  readonly expiresAt: string;
} | {
  readonly method: "MULTIPART";
  readonly uploadId: string;
  readonly sourceId: string;
  readonly name: string;
  /** Of every part but the last. */
  readonly partBytes: number;
  readonly partCount: number;
  /** The first of them; ask for the others as you go. */
  readonly parts: readonly {
    readonly partNumber: number;
    readonly url: string;
  }[];
  readonly expiresAt: string;
};

export type UploadNewSource = {
  /** Of the source. Missing: 422, as a form would. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Left out: made from the name. */
  readonly key?: string | undefined;
  readonly connector?: "csv_upload" | "local_files" | undefined;
  readonly file: {
    /** May hold folders: `2026/orders.csv`. */
    readonly name: string;
    /** Needed with `multipart`. */
    readonly bytes?: number | undefined;
    readonly contentType?: string | undefined;
    /** Upload in parts: needed above the limit of a single upload, up to 5 TiB. */
    readonly multipart?: boolean | undefined;
  };
};

export type UploadParts = {
  readonly parts: readonly {
    readonly partNumber: number;
    readonly url: string;
  }[];
  readonly expiresAt: string;
};

export type UploadedNewSource = {
  readonly source: Source;
  readonly upload: Upload;
};

export type Webhook = {
  readonly id: string;
  readonly name: string;
  /** Scheme and host; the rest is kept as a secret. */
  readonly address: string;
  /** `events`: each as it happens. `alerts`: once when something goes wrong, once when it is right again. */
  readonly topic: "events" | "alerts";
  /** `slack`: `{ "text": … }`. */
  readonly format: "json" | "slack";
  /** Events it is told of; null: all but `sync_progress`. */
  readonly types: readonly ("sync_queued" | "sync_started" | "sync_progress" | "sync_succeeded" | "sync_failed" | "sync_cancelled" | "file_uploaded" | "file_deleted" | "schema_drift" | "source_changed")[] | null;
  /** Ids of the only sources; null: all. */
  readonly sources: readonly string[] | null;
  readonly isActive: boolean;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastAttempt: {
    readonly at: string;
    readonly id: string;
    readonly attempt: number;
    readonly ok: boolean;
    readonly status: number | null;
    readonly detail: string | null;
  } | null;
};

export interface GetOpenApiInput {
  readonly signal?: AbortSignal | undefined;
}

export interface GetProblemInput {
  readonly code: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ListConnectorsInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
    readonly label?: "database" | "warehouse" | "files" | "saas" | "stream" | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetConnectorInput {
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

export interface GetHealthInput {
  readonly query?: {
    /** Failures to list. */
    readonly limit?: number | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetFunctionHealthInput {
  readonly signal?: AbortSignal | undefined;
}

export interface CreateSourceInput {
  readonly query?: {
    /** false: do not try the credentials. */
    readonly verify?: boolean | undefined;
  } | undefined;
  readonly body: CreateSource;
  readonly signal?: AbortSignal | undefined;
}

export interface ListSourcesInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
    readonly status?: "draft" | "active" | "paused" | "archived" | undefined;
    readonly connector?: string | undefined;
    readonly tag?: string | undefined;
    readonly collection?: string | undefined;
    readonly health?: "never_synced" | "queued" | "syncing" | "processing" | "synced" | "no_data" | "failed" | undefined;
    /** Part of the key, name or description. */
    readonly search?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetSourceInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ChangeSourceInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly body?: ChangeSource | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PutSourceInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly body?: ChangeSource | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DeleteSourceInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** true: its tables, files and history go too, for good. */
    readonly data?: boolean | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReplaceCredentialsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** false: do not try the credentials. */
    readonly verify?: boolean | undefined;
  } | undefined;
  readonly body: ReplaceCredentials;
  readonly signal?: AbortSignal | undefined;
}

export interface ReplaceConfigInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly body: ReplaceConfig;
  readonly signal?: AbortSignal | undefined;
}

export interface TestSourceInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly signal?: AbortSignal | undefined;
}

export interface GetSourceSchemaInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly signal?: AbortSignal | undefined;
}

export interface AcknowledgeAttentionInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly code: string;
  readonly signal?: AbortSignal | undefined;
}

export interface TestConnectionInput {
  readonly name: string;
  readonly body: Connection;
  readonly signal?: AbortSignal | undefined;
}

export interface InspectConnectionInput {
  readonly name: string;
  readonly body: Connection;
  readonly signal?: AbortSignal | undefined;
}

export interface PreviewScheduleInput {
  readonly query: {
    readonly cron: string;
    readonly timezone: string;
  };
  readonly signal?: AbortSignal | undefined;
}

export interface ListSchedulesInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListSecretsInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListOAuthAppsInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectOAuthInput {
  readonly body: ConnectOAuth;
  readonly signal?: AbortSignal | undefined;
}

export interface FinishOAuthInput {
  readonly body: FinishOAuth;
  readonly signal?: AbortSignal | undefined;
}

export interface StartRunInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly body?: StartRun | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListRunsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetRunInput {
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface GetRunLogInput {
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface CancelRunInput {
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RetryRunInput {
  readonly runId: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UndoRunInput {
  readonly runId: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReplayRejectsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly body?: ReplayRejects | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DetectDeletesInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListStreamsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly signal?: AbortSignal | undefined;
}

export interface SetCursorInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly stream: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly body: SetCursor;
  readonly signal?: AbortSignal | undefined;
}

export interface ClearDataInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly headers?: {
    /** The same key and request within 24 hours answer the same. */
    readonly "idempotency-key"?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListSchemaVersionsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
    /** Needed when the source has several. */
    readonly stream?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListDriftInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetRunDriftInput {
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface CreateUploadInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly body: CreateUpload;
  readonly signal?: AbortSignal | undefined;
}

export interface GetUploadPartsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly uploadId: string;
  readonly query?: {
    /** First part number. */
    readonly from?: number | undefined;
    readonly limit?: number | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CompleteUploadInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly uploadId: string;
  readonly body?: CompleteUpload | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AbortUploadInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly uploadId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ListFilesInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
    readonly status?: "on_disk" | "pending" | "processing" | "loaded" | "failed" | "file_deleted" | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DeleteFileInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ReloadFileInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly name: string;
  readonly body?: ReloadFile | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RestoreFileInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadNewSourceInput {
  readonly body: UploadNewSource;
  readonly signal?: AbortSignal | undefined;
}

export interface ListTablesInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
    readonly source?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetTableInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly stream: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PreviewRowsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Needed when the source has several. */
    readonly stream?: string | undefined;
    readonly limit?: number | undefined;
    /** A snapshot’s id, or an instant: the table as it was then. */
    readonly asOf?: string | undefined;
    /** Names with commas between. Left out: all. */
    readonly columns?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListRejectsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Needed when the source has several. */
    readonly stream?: string | undefined;
    readonly limit?: number | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DownloadRejectsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Needed when the source has several. */
    readonly stream?: string | undefined;
    readonly format?: "csv" | "ndjson" | undefined;
    /** `nextCursor` of the part before: parts put together are the whole file. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListSnapshotsInput {
  /** A source’s id or key. */
  readonly idOrKey: string;
  readonly query?: {
    /** Needed when the source has several. */
    readonly stream?: string | undefined;
    readonly limit?: number | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetSignInWaysInput {
  readonly signal?: AbortSignal | undefined;
}

export interface RedeemSignInInput {
  readonly body: RedeemSignIn;
  readonly signal?: AbortSignal | undefined;
}

export interface GetMeInput {
  readonly signal?: AbortSignal | undefined;
}

export interface CreateTokenInput {
  readonly body: CreateToken;
  readonly signal?: AbortSignal | undefined;
}

export interface ListTokensInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RevokeTokenInput {
  readonly tokenId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ListAuditInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
    readonly action?: "source.created" | "source.changed" | "source.deleted" | "credentials.replaced" | "source.tested" | "attention.acknowledged" | "rejects.replayed" | "run.requested" | "run.cancelled" | "run.undone" | "cursor.set" | "data.cleared" | "upload.created" | "upload.completed" | "upload.aborted" | "file.deleted" | "file.reloaded" | "file.restored" | "token.created" | "token.revoked" | "webhook.created" | "webhook.changed" | "webhook.deleted" | "oauth.connected" | undefined;
    readonly subject?: string | undefined;
    readonly by?: string | undefined;
    /** From this instant on. */
    readonly from?: string | undefined;
    /** Before this instant. */
    readonly to?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListEventsInput {
  readonly query?: {
    /** The last number known. Left out: the newest events. */
    readonly after?: number | undefined;
    /** Events to look at; the answer may hold fewer. */
    readonly limit?: number | undefined;
    /** Id or key of the only source. */
    readonly source?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetLiveAddressInput {
  readonly signal?: AbortSignal | undefined;
}

export interface CreateWebhookInput {
  readonly body: CreateWebhook;
  readonly signal?: AbortSignal | undefined;
}

export interface ListWebhooksInput {
  readonly query?: {
    /** Results in a page. */
    readonly limit?: number | undefined;
    /** `nextCursor` of the page before, with the same filters. */
    readonly cursor?: string | undefined;
  } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GetWebhookInput {
  readonly webhookId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ChangeWebhookInput {
  readonly webhookId: string;
  readonly body?: ChangeWebhook | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DeleteWebhookInput {
  readonly webhookId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface TestWebhookInput {
  readonly webhookId: string;
  readonly signal?: AbortSignal | undefined;
}

/** One method per operation. Each rejects with `ProblemError` for anything but success. */
export interface Client {
  /** This document. */
  getOpenApi(input?: GetOpenApiInput): Promise<{ readonly [name: string]: Json }>;
  /** What a problem’s type means. */
  getProblem(input: GetProblemInput): Promise<ProblemType>;
  /** List the kinds of source there are. */
  listConnectors(input?: ListConnectorsInput): Promise<{
    readonly data: readonly ConnectorSummary[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** One kind of source, with the fields it asks for. */
  getConnector(input: GetConnectorInput): Promise<Connector>;
  /** How the sources are, and the latest failures. */
  getHealth(input?: GetHealthInput): Promise<Health>;
  /** Which of Headgate’s own functions failed in the last day. */
  getFunctionHealth(input?: GetFunctionHealthInput): Promise<FunctionReport>;
  /** Register a source. */
  createSource(input: CreateSourceInput): Promise<Source>;
  /** List sources, oldest first. */
  listSources(input?: ListSourcesInput): Promise<{
    readonly data: readonly SourceSummary[];
    readonly pagination: {
      readonly total: number;
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** One source. */
  getSource(input: GetSourceInput): Promise<Source>;
  /** Change the given fields of a source. */
  changeSource(input: ChangeSourceInput): Promise<Source>;
  /** The same as PATCH: fields that are not sent stay. */
  putSource(input: PutSourceInput): Promise<Source>;
  /** Delete a source; with data=true also its tables, files and history. */
  deleteSource(input: DeleteSourceInput): Promise<null>;
  /** Replace the credentials of a source. */
  replaceCredentials(input: ReplaceCredentialsInput): Promise<Source>;
  /** Replace the whole configuration of a source. */
  replaceConfig(input: ReplaceConfigInput): Promise<Source>;
  /** Try the connection; a refusal is an answer, not a problem. */
  testSource(input: TestSourceInput): Promise<TestResult>;
  /** What the source offers right now. */
  getSourceSchema(input: GetSourceSchemaInput): Promise<LiveSchema>;
  /** Take a reason off the source’s attention list: somebody has seen it. */
  acknowledgeAttention(input: AcknowledgeAttentionInput): Promise<Source>;
  /** Try a connection that no source has yet; nothing is stored. */
  testConnection(input: TestConnectionInput): Promise<TestResult>;
  /** What a connection that no source has yet offers; nothing is stored. */
  inspectConnection(input: InspectConnectionInput): Promise<OfferedStreams>;
  /** A schedule in words, and the next times it would fire. */
  previewSchedule(input: PreviewScheduleInput): Promise<SchedulePreview>;
  /** List schedules with the next times they fire. */
  listSchedules(input?: ListSchedulesInput): Promise<{
    readonly data: readonly ScheduleEntry[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** List the names of secrets and who uses them; never values. */
  listSecrets(input?: ListSecretsInput): Promise<{
    readonly data: readonly SecretEntry[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** List the apps at vendors that sources are connected by; never their secrets. */
  listOAuthApps(input?: ListOAuthAppsInput): Promise<{
    readonly data: readonly OAuthApp[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** Begin to connect a source in the browser. */
  connectOAuth(input: ConnectOAuthInput): Promise<OAuthAddress>;
  /** Finish it: the code becomes credentials of the source. */
  finishOAuth(input: FinishOAuthInput): Promise<Source>;
  /** Start a run, or queue it behind the one that holds the source. */
  startRun(input: StartRunInput): Promise<AcceptedRun>;
  /** The history of a source, newest first. */
  listRuns(input: ListRunsInput): Promise<{
    readonly data: readonly Run[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** One run. */
  getRun(input: GetRunInput): Promise<Run>;
  /** What happened in a run, in order. */
  getRunLog(input: GetRunLogInput): Promise<RunLog>;
  /** Stop a run; what it committed stays. */
  cancelRun(input: CancelRunInput): Promise<Run>;
  /** Ask for a run again: of a partial one, only the streams that failed. */
  retryRun(input: RetryRunInput): Promise<AcceptedRun>;
  /** Put tables and cursors back to where the last run found them, by a run under the lock. */
  undoRun(input: UndoRunInput): Promise<AcceptedRun>;
  /** Load rejected rows again, by the rules as they are now. */
  replayRejects(input: ReplayRejectsInput): Promise<AcceptedRun>;
  /** Compare keys with the source’s and take out, or mark, the rows that are gone there. */
  detectDeletes(input: DetectDeletesInput): Promise<AcceptedRun>;
  /** The streams of a source that were read, with their cursors. */
  listStreams(input: ListStreamsInput): Promise<{
    readonly items: readonly StreamState[];
  }>;
  /** Set or forget a stream’s cursor, by a run under the lock. */
  setCursor(input: SetCursorInput): Promise<AcceptedRun>;
  /** Remove all rows of a source, by a run under its lock. */
  clearData(input: ClearDataInput): Promise<AcceptedRun>;
  /** Every schema a table had, and the run that made it, newest first. */
  listSchemaVersions(input: ListSchemaVersionsInput): Promise<{
    readonly data: readonly SchemaVersion[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** How what arrived differed from the tables, newest first. */
  listDrift(input: ListDriftInput): Promise<{
    readonly data: readonly SchemaDrift[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** How what one run read differed from its tables. */
  getRunDrift(input: GetRunDriftInput): Promise<RunDrift>;
  /** Get a presigned upload for one file. */
  createUpload(input: CreateUploadInput): Promise<Upload>;
  /** More presigned part addresses of an upload in parts. */
  getUploadParts(input: GetUploadPartsInput): Promise<UploadParts>;
  /** Say that the bytes are there; checks them and records the file. */
  completeUpload(input: CompleteUploadInput): Promise<CompletedUpload>;
  /** Give up an upload that was not completed. */
  abortUpload(input: AbortUploadInput): Promise<null>;
  /** The files of a source and what became of them. */
  listFiles(input: ListFilesInput): Promise<{
    readonly data: readonly File[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** Delete a file and its rows, by a run under the source’s lock. */
  deleteFile(input: DeleteFileInput): Promise<AcceptedRun>;
  /** Load a file again, or one that stays on disk or failed. */
  reloadFile(input: ReloadFileInput): Promise<FileAndRun>;
  /** Bring a deleted file back while S3 still has it, and load it. */
  restoreFile(input: RestoreFileInput): Promise<FileAndRun>;
  /** Upload a file that becomes a source of its own. */
  uploadNewSource(input: UploadNewSourceInput): Promise<UploadedNewSource>;
  /** List tables, by source in creation order. */
  listTables(input?: ListTablesInput): Promise<{
    readonly data: readonly TableSummary[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** One table with its columns. */
  getTable(input: GetTableInput): Promise<Table>;
  /** The first rows of a table. */
  previewRows(input: PreviewRowsInput): Promise<Rows>;
  /** Rows that did not fit, with file, line, column and reason. */
  listRejects(input: ListRejectsInput): Promise<Rows>;
  /** All rejected rows as CSV or NDJSON, in parts of a few megabytes. */
  downloadRejects(input: DownloadRejectsInput): Promise<RejectsPart>;
  /** The versions of a table that can still be read. */
  listSnapshots(input: ListSnapshotsInput): Promise<Snapshots>;
  /** Where people sign in. */
  getSignInWays(input?: GetSignInWaysInput): Promise<SignInWays>;
  /** Trade an authorization code for a bearer token. */
  redeemSignIn(input: RedeemSignInInput): Promise<SignInToken>;
  /** Whose token this is and what it may do. */
  getMe(input?: GetMeInput): Promise<Me>;
  /** Make a token; it is shown this once. */
  createToken(input: CreateTokenInput): Promise<CreatedToken>;
  /** List tokens, oldest first; never their values. */
  listTokens(input?: ListTokensInput): Promise<{
    readonly data: readonly Token[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** Revoke a token. */
  revokeToken(input: RevokeTokenInput): Promise<null>;
  /** Who changed what, newest first. */
  listAudit(input?: ListAuditInput): Promise<{
    readonly data: readonly AuditEntry[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** What happened since an event, oldest first. */
  listEvents(input?: ListEventsInput): Promise<EventPage>;
  /** Where to hear of events as they happen. */
  getLiveAddress(input?: GetLiveAddressInput): Promise<LiveAddress>;
  /** Have an address told of events or alerts. */
  createWebhook(input: CreateWebhookInput): Promise<CreatedWebhook>;
  /** List webhooks, oldest first. */
  listWebhooks(input?: ListWebhooksInput): Promise<{
    readonly data: readonly Webhook[];
    readonly pagination: {
      readonly limit: number;
      readonly hasMore: boolean;
      readonly nextCursor: string | null;
    };
  }>;
  /** One webhook, and how its last delivery went. */
  getWebhook(input: GetWebhookInput): Promise<Webhook>;
  /** Rename a webhook, choose its events, switch it off or on. */
  changeWebhook(input: ChangeWebhookInput): Promise<Webhook>;
  /** Delete a webhook and its secret. */
  deleteWebhook(input: DeleteWebhookInput): Promise<null>;
  /** Send a webhook a test message. */
  testWebhook(input: TestWebhookInput): Promise<TestDelivery>;
}

/** What the methods do, for `createClient`. */
export const operations = {
  getOpenApi: { method: 'GET', path: '/v1/openapi.json', query: [], headers: [], hasBody: false },
  getProblem: { method: 'GET', path: '/problems/{code}', query: [], headers: [], hasBody: false },
  listConnectors: { method: 'GET', path: '/v1/connectors', query: ["limit","cursor","label"], headers: [], hasBody: false },
  getConnector: { method: 'GET', path: '/v1/connectors/{name}', query: [], headers: [], hasBody: false },
  getHealth: { method: 'GET', path: '/v1/health', query: ["limit"], headers: [], hasBody: false },
  getFunctionHealth: { method: 'GET', path: '/v1/health/functions', query: [], headers: [], hasBody: false },
  createSource: { method: 'POST', path: '/v1/sources', query: ["verify"], headers: [], hasBody: true },
  listSources: { method: 'GET', path: '/v1/sources', query: ["limit","cursor","status","connector","tag","collection","health","search"], headers: [], hasBody: false },
  getSource: { method: 'GET', path: '/v1/sources/{idOrKey}', query: [], headers: [], hasBody: false },
  changeSource: { method: 'PATCH', path: '/v1/sources/{idOrKey}', query: [], headers: [], hasBody: true },
  putSource: { method: 'PUT', path: '/v1/sources/{idOrKey}', query: [], headers: [], hasBody: true },
  deleteSource: { method: 'DELETE', path: '/v1/sources/{idOrKey}', query: ["data"], headers: [], hasBody: false },
  replaceCredentials: { method: 'PUT', path: '/v1/sources/{idOrKey}/credentials', query: ["verify"], headers: [], hasBody: true },
  replaceConfig: { method: 'PUT', path: '/v1/sources/{idOrKey}/config', query: [], headers: [], hasBody: true },
  testSource: { method: 'POST', path: '/v1/sources/{idOrKey}/test', query: [], headers: [], hasBody: false },
  getSourceSchema: { method: 'GET', path: '/v1/sources/{idOrKey}/schema', query: [], headers: [], hasBody: false },
  acknowledgeAttention: { method: 'POST', path: '/v1/sources/{idOrKey}/attention/{code}/acknowledge', query: [], headers: [], hasBody: false },
  testConnection: { method: 'POST', path: '/v1/connectors/{name}/test', query: [], headers: [], hasBody: true },
  inspectConnection: { method: 'POST', path: '/v1/connectors/{name}/streams', query: [], headers: [], hasBody: true },
  previewSchedule: { method: 'GET', path: '/v1/schedules/preview', query: ["cron","timezone"], headers: [], hasBody: false },
  listSchedules: { method: 'GET', path: '/v1/schedules', query: ["limit","cursor"], headers: [], hasBody: false },
  listSecrets: { method: 'GET', path: '/v1/secrets', query: ["limit","cursor"], headers: [], hasBody: false },
  listOAuthApps: { method: 'GET', path: '/v1/oauth/apps', query: ["limit","cursor"], headers: [], hasBody: false },
  connectOAuth: { method: 'POST', path: '/v1/oauth/connect', query: [], headers: [], hasBody: true },
  finishOAuth: { method: 'POST', path: '/v1/oauth/finish', query: [], headers: [], hasBody: true },
  startRun: { method: 'POST', path: '/v1/sources/{idOrKey}/runs', query: [], headers: ["idempotency-key"], hasBody: true },
  listRuns: { method: 'GET', path: '/v1/sources/{idOrKey}/runs', query: ["limit","cursor"], headers: [], hasBody: false },
  getRun: { method: 'GET', path: '/v1/runs/{runId}', query: [], headers: [], hasBody: false },
  getRunLog: { method: 'GET', path: '/v1/runs/{runId}/log', query: [], headers: [], hasBody: false },
  cancelRun: { method: 'POST', path: '/v1/runs/{runId}/cancel', query: [], headers: [], hasBody: false },
  retryRun: { method: 'POST', path: '/v1/runs/{runId}/retry', query: [], headers: ["idempotency-key"], hasBody: false },
  undoRun: { method: 'POST', path: '/v1/runs/{runId}/undo', query: [], headers: ["idempotency-key"], hasBody: false },
  replayRejects: { method: 'POST', path: '/v1/sources/{idOrKey}/rejects/replay', query: [], headers: ["idempotency-key"], hasBody: true },
  detectDeletes: { method: 'POST', path: '/v1/sources/{idOrKey}/detect-deletes', query: [], headers: ["idempotency-key"], hasBody: false },
  listStreams: { method: 'GET', path: '/v1/sources/{idOrKey}/streams', query: [], headers: [], hasBody: false },
  setCursor: { method: 'PUT', path: '/v1/sources/{idOrKey}/streams/{stream}/cursor', query: [], headers: ["idempotency-key"], hasBody: true },
  clearData: { method: 'DELETE', path: '/v1/sources/{idOrKey}/data', query: [], headers: ["idempotency-key"], hasBody: false },
  listSchemaVersions: { method: 'GET', path: '/v1/sources/{idOrKey}/schema/history', query: ["limit","cursor","stream"], headers: [], hasBody: false },
  listDrift: { method: 'GET', path: '/v1/sources/{idOrKey}/drift', query: ["limit","cursor"], headers: [], hasBody: false },
  getRunDrift: { method: 'GET', path: '/v1/runs/{runId}/drift', query: [], headers: [], hasBody: false },
  createUpload: { method: 'POST', path: '/v1/sources/{idOrKey}/uploads', query: [], headers: [], hasBody: true },
  getUploadParts: { method: 'GET', path: '/v1/sources/{idOrKey}/uploads/{uploadId}/parts', query: ["from","limit"], headers: [], hasBody: false },
  completeUpload: { method: 'POST', path: '/v1/sources/{idOrKey}/uploads/{uploadId}/complete', query: [], headers: [], hasBody: true },
  abortUpload: { method: 'DELETE', path: '/v1/sources/{idOrKey}/uploads/{uploadId}', query: [], headers: [], hasBody: false },
  listFiles: { method: 'GET', path: '/v1/sources/{idOrKey}/files', query: ["limit","cursor","status"], headers: [], hasBody: false },
  deleteFile: { method: 'DELETE', path: '/v1/sources/{idOrKey}/files/{name}', query: [], headers: [], hasBody: false },
  reloadFile: { method: 'POST', path: '/v1/sources/{idOrKey}/files/{name}/reload', query: [], headers: [], hasBody: true },
  restoreFile: { method: 'POST', path: '/v1/sources/{idOrKey}/files/{name}/restore', query: [], headers: [], hasBody: false },
  uploadNewSource: { method: 'POST', path: '/v1/uploads', query: [], headers: [], hasBody: true },
  listTables: { method: 'GET', path: '/v1/tables', query: ["limit","cursor","source"], headers: [], hasBody: false },
  getTable: { method: 'GET', path: '/v1/sources/{idOrKey}/tables/{stream}', query: [], headers: [], hasBody: false },
  previewRows: { method: 'GET', path: '/v1/sources/{idOrKey}/preview', query: ["stream","limit","asOf","columns"], headers: [], hasBody: false },
  listRejects: { method: 'GET', path: '/v1/sources/{idOrKey}/rejects', query: ["stream","limit"], headers: [], hasBody: false },
  downloadRejects: { method: 'GET', path: '/v1/sources/{idOrKey}/rejects/download', query: ["stream","format","cursor"], headers: [], hasBody: false },
  listSnapshots: { method: 'GET', path: '/v1/sources/{idOrKey}/snapshots', query: ["stream","limit"], headers: [], hasBody: false },
  getSignInWays: { method: 'GET', path: '/v1/sign-in', query: [], headers: [], hasBody: false },
  redeemSignIn: { method: 'POST', path: '/v1/sign-in', query: [], headers: [], hasBody: true },
  getMe: { method: 'GET', path: '/v1/me', query: [], headers: [], hasBody: false },
  createToken: { method: 'POST', path: '/v1/tokens', query: [], headers: [], hasBody: true },
  listTokens: { method: 'GET', path: '/v1/tokens', query: ["limit","cursor"], headers: [], hasBody: false },
  revokeToken: { method: 'DELETE', path: '/v1/tokens/{tokenId}', query: [], headers: [], hasBody: false },
  listAudit: { method: 'GET', path: '/v1/audit', query: ["limit","cursor","action","subject","by","from","to"], headers: [], hasBody: false },
  listEvents: { method: 'GET', path: '/v1/events', query: ["after","limit","source"], headers: [], hasBody: false },
  getLiveAddress: { method: 'GET', path: '/v1/events/live', query: [], headers: [], hasBody: false },
  createWebhook: { method: 'POST', path: '/v1/webhooks', query: [], headers: [], hasBody: true },
  listWebhooks: { method: 'GET', path: '/v1/webhooks', query: ["limit","cursor"], headers: [], hasBody: false },
  getWebhook: { method: 'GET', path: '/v1/webhooks/{webhookId}', query: [], headers: [], hasBody: false },
  changeWebhook: { method: 'PATCH', path: '/v1/webhooks/{webhookId}', query: [], headers: [], hasBody: true },
  deleteWebhook: { method: 'DELETE', path: '/v1/webhooks/{webhookId}', query: [], headers: [], hasBody: false },
  testWebhook: { method: 'POST', path: '/v1/webhooks/{webhookId}/test', query: [], headers: [], hasBody: false },
} as const;
