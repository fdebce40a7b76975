// Made from openapi.json by `npm run generate`; not to be edited.

export interface paths {
    "/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description Lists keys by pages, newest first unless `sort` says otherwise. Revoked keys are left out unless `status` asks for them.
         */
        get: operations["listApiKeys"];
        put?: never;
        /**
         * Create an API key
         * @description Creates a key and shows its secret. This is the only time the secret is shown. Send an `Idempotency-Key` to be able to repeat the request should its reply get lost.
         */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/scopes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List scopes
         * @description Lists the scopes that keys may hold: those of the API, sets of them, and those by which a key may manage keys.
         */
        get: operations["listScopes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the policy of new keys
         * @description Tells for how long keys may live, and what they may do at most.
         */
        get: operations["getApiKeyPolicy"];
        /**
         * Set the policy of new keys
         * @description Says for how long new keys may live, within what the host allows, what they may be given, and who gets live ones. Keys that exist keep what they have. Only owners and admins may.
         */
        put: operations["setApiKeyPolicy"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the usage of all API keys
         * @description Tells how often all your keys together were used, those revoked since included, as a series of minutes, hours or days. Counts are some seconds behind.
         */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/usage/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the usage of several API keys
         * @description Tells how often each of several keys was used: of those that `ids` names, in this order, or of those with the most requests, the busiest first. Ids that are none of your keys are left out. Counts are some seconds behind.
         */
        get: operations["getUsageOfKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an API key
         * @description Shows one key. Its secret is not part of it.
         */
        get: operations["getApiKey"];
        put?: never;
        post?: never;
        /**
         * Delete an API key
         * @description Revokes a key. The reply waits until every node refuses the key, one second at most, and its `receipt` says how many do. The record of the key stays for a while, and is listed with `status=revoked`; until `revocation.restorableUntil` the key can be restored. To say why it is revoked, use `POST /{id}/revoke`.
         */
        delete: operations["deleteApiKey"];
        options?: never;
        head?: never;
        /**
         * Change an API key
         * @description Changes what is sent and leaves the rest. On the node that answers, the change is in force when the reply arrives; the others follow within a second. When a key is disabled, the reply waits for them as with a delete, and its `receipt` says how many refuse the key.
         */
        patch: operations["updateApiKey"];
        trace?: never;
    };
    "/v1/api-keys/{id}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the usage of an API key
         * @description Tells how often a key was used, also one that is revoked, as a series of minutes, hours or days. Counts are some seconds behind.
         */
        get: operations["getApiKeyUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}/routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the routes that an API key opens
         * @description Tells which routes a key opened in the last days and how often, and which of its scopes no request needed: those can be taken from it. Counts are some seconds behind.
         */
        get: operations["getApiKeyRoutes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke an API key and say why
         * @description Does what a delete does, and keeps with the key why. A key that is revoked already is answered with 409, unless the reason is `keyCompromise`: who learns only then that a secret leaked can still say so, so that nobody restores the key.
         */
        post: operations["revokeApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a revoked API key
         * @description Takes a revocation back, until `revocation.restorableUntil`: the key is again what it was before, with the same secret, and disabled if it was that. On the node that answers it is good at once; the others follow within a second. A key whose secret leaked (`keyCompromise`) never comes back.
         */
        post: operations["restoreApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Disable, enable, revoke or restore several API keys
         * @description Does one thing to up to 100 keys. The answer is 200 also when it could not be done to some of them: each has a result of its own, and none keeps anything from the others. Should the database fail midway, nothing was changed. When keys stopped being good, the reply waits as with a delete, and one `receipt` says how far that had come for all of them.
         */
        post: operations["changeApiKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/self-revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke the API key that is sent along
         * @description Revokes the key that authenticates this request: for its holder, or for whoever found it where it should not be. It takes no scope, and no limit stands in the way; a disabled key can be revoked as well. The reason is `keyCompromise` unless another is given, and then the key is never restored. Sent with the secret that a rotation replaced, while that still works, it ends that secret alone. A second call is answered with 401.
         */
        post: operations["selfRevokeApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate an API key
         * @description Gives the key another secret, of the same prefix and length, and shows it this once. The key stays the same, and so does what its limits count. The old secret works until its grace ends; without a grace the reply waits until every node refuses it, one second at most, and its `receipt` says how many do. Send an `Idempotency-Key` to be able to repeat the request should its reply get lost.
         */
        post: operations["rotateApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}/retiring-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * End a replaced secret, now or later
         * @description Says when the secret that a rotation replaced ends: at once, or up to seven days from now. `retiringSecret.lastUsedAt` of the key tells whether somebody still uses it. When it ends at once, the reply waits as with a delete, and its `receipt` says how many nodes refuse the secret.
         */
        patch: operations["updateRetiringSecret"];
        trace?: never;
    };
    "/v1/api-keys/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check an API key
         * @description Tells whether a key is good for what is asked, of whatever owner. The answer is 200 also when it is not: look at `valid`. It counts as a use of the key, as a request to one of this API's own routes does. The caller presents a key of its own, with the scope `latchkey:verify`.
         */
        post: operations["verifyApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/verify/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check several API keys
         * @description Checks keys as `POST /verify` does, each for itself. One whose form is wrong gets the code `invalid_request`, and the others their answers all the same. When one cannot be told for reasons of ours, none is: the answer is 503.
         */
        post: operations["verifyApiKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/authorize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check the key of a request for a proxy
         * @description Tells a proxy whether a request that it holds back may pass: 200 with whose key it is in headers, or a refusal. The key of the client comes in its usual header, and the proxy presents its own, with the scope `latchkey:verify`, in `X-Latchkey-Key`. It takes any method, and any path below, for proxies that add the path of the client; those ask in the header `X-Latchkey-Require` what others ask in the query.
         */
        get: operations["authorizeRequest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit trail
         * @description Tells who changed which key, when, from where, and what was there before and after, newest first. Only owners and admins may see it, and keys with the scope `audit:read`, since it tells of other people.
         */
        get: operations["listAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the audit trail
         * @description Sends all events so far, oldest first, as a file. When the database goes away in the middle, the reply breaks off, so that half a trail is never taken for a whole one. Only owners and admins may have it, and keys with the scope `audit:read`.
         */
        get: operations["exportAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a key for a token
         * @description Answers a key with a signed token that works for minutes, for what the key may do or less. Services verify it by the host's public keys without asking anybody, so it works until it expires even when its key is revoked meanwhile. It counts as a request with the key.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/jwks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the public keys of tokens
         * @description The keys by which tokens are verified, for everybody. A key is here for an hour before it signs, so keep them for as long as `Cache-Control` says, and ask again for one that you do not know.
         */
        get: operations["getJwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An API key. Its secret is not part of it. */
        ApiKey: {
            /**
             * @description The id of the key.
             * @example key_01h455vb4pex5vsknk084sn02q
             */
            id: string;
            /**
             * @description What the key is for, in 1 to 64 characters. Spaces around it are dropped; characters that cannot be seen, or that change the direction of text, are refused.
             * @example Integration with CRM
             */
            name: string;
            /**
             * @description Whose key it is.
             * @example workspace_42
             */
            owner: string;
            /**
             * @description A `publishable` key may stand in a web page for everybody to read; any other is a secret. It cannot be changed.
             * @example secret
             * @enum {string}
             */
            kind: "secret" | "publishable";
            /**
             * @description Which environment the key opens.
             * @example live
             * @enum {string}
             */
            environment: "live" | "test";
            /**
             * @description Only an `active` key opens anything. `pending` becomes active by itself, `disabled` can be undone, and `revoked` for a while.
             * @example active
             * @enum {string}
             */
            status: "active" | "pending" | "disabled" | "expired" | "revoked";
            /**
             * @description How the secret begins: enough to recognise it by, useless to guess it.
             * @example lk_live_Xp2v
             */
            start: string;
            /**
             * @description What the key may do: scopes and sets of scopes from the list, or all of a resource as `contacts:*`. Sets and `:*` include what is added to them later.
             * @example [
             *       "contacts:read"
             *     ]
             */
            scopes: string[];
            /**
             * @description Anything to keep with the key: a JSON object of at most 4096 bytes. Handlers find it in `request.apiKey.metadata`.
             * @example {
             *       "team": "sales"
             *     }
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * @description The IPv4 and IPv6 addresses, and ranges of them in CIDR notation, from which it may be used; from everywhere when empty. Each is kept in its one spelling.
             * @example [
             *       "203.0.113.0/24",
             *       "2001:db8::7"
             *     ]
             */
            allowedIps: string[];
            /**
             * @description The origins of the web pages on which it may be used, as `https://app.example.com`, or `https://*.example.com` for all below a host; everywhere when empty. Requests that name no origin are refused then. A publishable key needs at least one. Browsers keep to it; anything else can name any origin.
             * @example [
             *       "https://app.example.com"
             *     ]
             */
            allowedOrigins: string[];
            /**
             * @description Whether it is refused to browsers, in which no secret is safe. Not for publishable keys.
             * @example false
             */
            blockBrowsers: boolean;
            /**
             * @description How often it may be used. All of these hold at once; without any it is not limited.
             * @example [
             *       {
             *         "name": "burst",
             *         "limit": 100,
             *         "windowSeconds": 10
             *       },
             *       {
             *         "name": "sustained",
             *         "limit": 5000,
             *         "windowSeconds": 3600
             *       }
             *     ]
             */
            rateLimits: components["schemas"]["ApiKeyRateLimit"][];
            /** @description How many credits it may spend; null for as many as it likes. */
            quota: null | components["schemas"]["ApiKeyQuota"];
            /**
             * Format: date-time
             * @description When it was created.
             * @example 2026-11-22T09:30:00.000Z
             */
            createdAt: string;
            /** @description Who created it. */
            createdBy: {
                /**
                 * @description The id of the person or program.
                 * @example user_7
                 */
                id: string;
                /**
                 * @description Their name at that time.
                 * @example Ada Lovelace
                 */
                name: null | string;
            };
            /**
             * Format: date-time
             * @description When it was last changed.
             * @example 2026-11-22T09:30:00.000Z
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description From when on it is refused; null for never.
             * @example 2027-01-01T00:00:00.000Z
             */
            expiresAt: null | string;
            /**
             * @description Whether it will end by itself within a week, or within the last tenth of a life shorter than ten weeks.
             * @example false
             */
            expiresSoon: boolean;
            /**
             * Format: date-time
             * @description From when on it is good; null for at once. It must come before `expiresAt`.
             * @example null
             */
            notBefore: null | string;
            /**
             * Format: date-time
             * @description When it last opened something, to within seconds.
             * @example 2026-11-22T10:12:00.000Z
             */
            lastUsedAt: null | string;
            /**
             * @description The IP address it was used from in that minute; null when that is not known.
             * @example 192.0.2.17
             */
            lastUsedAddress: null | string;
            /**
             * @description How many secrets it has had.
             * @example 1
             */
            version: number;
            /**
             * Format: date-time
             * @description When it got its present secret; null: when it was created.
             * @example null
             */
            rotatedAt: null | string;
            /**
             * @description After how many days the key should be rotated; null when nobody wants to be reminded.
             * @example 90
             */
            rotateEveryDays: null | number;
            /**
             * Format: date-time
             * @description When it is due to be rotated; null when nobody wants to be reminded.
             * @example 2027-02-20T09:30:00.000Z
             */
            rotationDueAt: null | string;
            /** @description The secret before the present one, while it still works; otherwise null. */
            retiringSecret: null | components["schemas"]["ApiKeyRetiringSecret"];
            /**
             * Format: date-time
             * @description When it was revoked.
             * @example null
             */
            revokedAt: null | string;
            /** @description By whom and why it was revoked; null unless it is. */
            revocation: null | components["schemas"]["ApiKeyRevocation"];
        };
        /** @description A new key with its secret. */
        CreatedApiKey: {
            apiKey: components["schemas"]["ApiKey"];
            /**
             * @description The key itself. It is shown here and never again: store it now.
             * @example lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA
             */
            secret: string;
        };
        /** @description A key as it is after a change. */
        UpdatedApiKey: {
            apiKey: components["schemas"]["ApiKey"];
            /** @description When this change disabled the key or ended a secret, how far that had come; otherwise null. */
            receipt: null | components["schemas"]["RevocationReceipt"];
        };
        /** @description A key that was revoked, and how far that had come. */
        DeletedApiKey: {
            apiKey: components["schemas"]["ApiKey"];
            receipt: components["schemas"]["RevocationReceipt"];
        };
        /** @description Why the key is revoked. */
        RevokeApiKey: {
            /**
             * @description Why, in the words of RFC 5280; `unspecified` when left out. `keyCompromise`: somebody else has the secret, or may have; such a key is never restored. `affiliationChanged`: who held it has left or moved. `superseded`: another key took its place. `cessationOfOperation`: what it was for is no more. `privilegeWithdrawn`: its holder may no longer do what it allows. `unspecified`: nobody said.
             * @example superseded
             * @enum {string}
             */
            reason?: "unspecified" | "keyCompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn";
            /**
             * @description A line for those who ask later, in 1 to 500 characters; null for none. Spaces around it are dropped; line breaks, and characters that cannot be seen or that change the direction of text, are refused.
             * @example See INC-7
             */
            note?: null | string;
        };
        /** @description A key that was restored. */
        RestoredApiKey: {
            apiKey: components["schemas"]["ApiKey"];
        };
        /** @description What to do to which keys. */
        ChangeApiKeys: {
            /**
             * @description What to do to each of them; `reason` and `note` go with `revoke` alone.
             * @example revoke
             * @enum {string}
             */
            action: "disable" | "enable" | "revoke" | "restore";
            /**
             * @description Which keys. One that is there twice is changed once.
             * @example [
             *       "key_01h455vb4pex5vsknk084sn02q"
             *     ]
             */
            ids: string[];
            /**
             * @description Why, in the words of RFC 5280; `unspecified` when left out. `keyCompromise`: somebody else has the secret, or may have; such a key is never restored. `affiliationChanged`: who held it has left or moved. `superseded`: another key took its place. `cessationOfOperation`: what it was for is no more. `privilegeWithdrawn`: its holder may no longer do what it allows. `unspecified`: nobody said.
             * @example superseded
             * @enum {string}
             */
            reason?: "unspecified" | "keyCompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn";
            /**
             * @description A line for those who ask later, in 1 to 500 characters; null for none. Spaces around it are dropped; line breaks, and characters that cannot be seen or that change the direction of text, are refused.
             * @example See INC-7
             */
            note?: null | string;
        };
        /** @description What became of one key. */
        ChangedApiKey: {
            /**
             * @description The id, as it was sent.
             * @example key_01h455vb4pex5vsknk084sn02q
             */
            id: string;
            /**
             * @description What the same change of this key alone would have been answered with: 200, or the status of the problem.
             * @example 200
             */
            status: number;
            /** @description The key as it is now; null with a problem. */
            apiKey: null | components["schemas"]["ApiKey"];
            /** @description Why the key was not changed; otherwise null. */
            problem: null | {
                /**
                 * @description The kind of problem.
                 * @example not_found
                 * @enum {string}
                 */
                code: "not_found" | "reauthentication_required" | "beyond_grant" | "already_revoked" | "already_expired" | "not_revoked" | "not_restorable" | "too_many_keys" | "invalid_request";
                /**
                 * @description The kind of problem, for people.
                 * @example Not found
                 */
                title: string;
                /**
                 * @description What is wrong this time, for people.
                 * @example There is nothing here.
                 */
                detail: string;
            };
        };
        /** @description What became of each key. */
        ChangedApiKeys: {
            /** @description One result for each id, in the order they were sent. */
            data: components["schemas"]["ChangedApiKey"][];
            /** @description When keys stopped being good, how far that had come for all of them together; otherwise null. */
            receipt: null | components["schemas"]["RevocationReceipt"];
        };
        /** @description Why the key is revoked. */
        SelfRevokeApiKey: {
            /**
             * @description Why, in the words of RFC 5280; `keyCompromise` when left out. `keyCompromise`: somebody else has the secret, or may have; such a key is never restored. `affiliationChanged`: who held it has left or moved. `superseded`: another key took its place. `cessationOfOperation`: what it was for is no more. `privilegeWithdrawn`: its holder may no longer do what it allows. `unspecified`: nobody said.
             * @example superseded
             * @enum {string}
             */
            reason?: "unspecified" | "keyCompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn";
            /**
             * @description A line for those who ask later, in 1 to 500 characters; null for none. Spaces around it are dropped; line breaks, and characters that cannot be seen or that change the direction of text, are refused.
             * @example See INC-7
             */
            note?: null | string;
        };
        /** @description What was ended, and how far that had come. */
        SelfRevokedApiKey: {
            /**
             * @description The id of the key.
             * @example key_01h455vb4pex5vsknk084sn02q
             */
            id: string;
            /**
             * @description What does not work any more: the `key`, or, when the key had been rotated and the secret before its present one was sent, that `secret` alone.
             * @example key
             * @enum {string}
             */
            ended: "key" | "secret";
            /**
             * Format: date-time
             * @description Since when.
             * @example 2026-11-22T09:30:00.000Z
             */
            at: string;
            receipt: components["schemas"]["RevocationReceipt"];
        };
        /** @description By whom and why a key was revoked. */
        ApiKeyRevocation: {
            /** @description Who revoked it; null when that was not recorded. */
            by: null | {
                /**
                 * @description The id of the person or program.
                 * @example user_7
                 */
                id: string;
                /**
                 * @description Their name at that time.
                 * @example Ada Lovelace
                 */
                name: null | string;
            };
            /**
             * @description Why, in the words of RFC 5280. `keyCompromise`: somebody else has the secret, or may have; such a key is never restored. `affiliationChanged`: who held it has left or moved. `superseded`: another key took its place. `cessationOfOperation`: what it was for is no more. `privilegeWithdrawn`: its holder may no longer do what it allows. `unspecified`: nobody said.
             * @example superseded
             * @enum {string}
             */
            reason: "unspecified" | "keyCompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn";
            /**
             * @description A line for those who ask later, in 1 to 500 characters; null for none. Spaces around it are dropped; line breaks, and characters that cannot be seen or that change the direction of text, are refused.
             * @example See INC-7
             */
            note: null | string;
            /**
             * Format: date-time
             * @description Until when it can be restored; null when it cannot.
             * @example 2026-11-29T09:30:00.000Z
             */
            restorableUntil: null | string;
        };
        /** @description How many nodes refused a key when the reply was sent, and how soon they did. */
        RevocationReceipt: {
            /**
             * @description How many nodes were running, each of which may have had the key in memory.
             * @example 3
             */
            nodes: number;
            /**
             * @description How many of them had said that they refuse the key. The reply waits for all, one second at most; what is missing then refuses it within five seconds, or is no longer running.
             * @example 3
             */
            confirmed: number;
            /**
             * @description Milliseconds from the change to the last of these confirmations, by the database's clock; null when there was none.
             * @example 84
             */
            afterMs: null | number;
        };
        /** @description One page of keys. */
        ApiKeyList: {
            /** @description The keys of this page. */
            data: components["schemas"]["ApiKey"][];
            /**
             * @description Send it as `cursor` for the next page; null on the last one.
             * @example null
             */
            nextCursor: null | string;
            /**
             * @description How many keys there are on all pages together; null unless `count` asks for it.
             * @example 132
             */
            total: null | number;
        };
        /** @description How often keys were used over time. The counts beside `data` are those of all buckets. */
        ApiKeyUsage: {
            /**
             * @description How long a bucket is.
             * @example day
             * @enum {string}
             */
            interval: "minute" | "hour" | "day";
            /**
             * @description Whose hours and days these are.
             * @example Europe/Berlin
             */
            timeZone: string;
            /**
             * Format: date-time
             * @description When the first bucket begins.
             * @example 2026-11-20T23:00:00.000Z
             */
            from: string;
            /**
             * Format: date-time
             * @description When the last bucket ends.
             * @example 2026-11-22T23:00:00.000Z
             */
            to: string;
            /**
             * @description How many requests there were.
             * @example 1204
             */
            total: number;
            /**
             * @description How many were let in.
             * @example 1200
             */
            accepted: number;
            /**
             * @description How many were refused, by reason: `expired`, `disabled`, `revoked`, `suspended`, `environment`, `address_not_allowed`, `origin_not_allowed`, `browser_not_allowed`, `secret_key_required`, `insufficient_scope`, `rate_limited`, `quota_exceeded`. More may be added; those that did not occur are left out.
             * @example {
             *       "expired": 4
             *     }
             */
            refused: {
                [key: string]: number;
            };
            /** @description Every bucket in order, also those without requests. */
            data: {
                /**
                 * Format: date-time
                 * @description When the bucket begins.
                 * @example 2026-11-20T23:00:00.000Z
                 */
                start: string;
                /**
                 * @description How many requests there were.
                 * @example 1204
                 */
                total: number;
                /**
                 * @description How many were let in.
                 * @example 1200
                 */
                accepted: number;
                /**
                 * @description How many were refused, by reason: `expired`, `disabled`, `revoked`, `suspended`, `environment`, `address_not_allowed`, `origin_not_allowed`, `browser_not_allowed`, `secret_key_required`, `insufficient_scope`, `rate_limited`, `quota_exceeded`. More may be added; those that did not occur are left out.
                 * @example {
                 *       "expired": 4
                 *     }
                 */
                refused: {
                    [key: string]: number;
                };
            }[];
        };
        /** @description One change of keys: by whom, when, from where, and what was there before and after. */
        ApiKeyAuditEvent: {
            /**
             * @description Its place in its owner's trail: 1 for the first, and no gaps.
             * @example 42
             */
            sequence: number;
            /**
             * Format: date-time
             * @description When, by the database's clock.
             * @example 2026-11-22T09:30:00.000Z
             */
            at: string;
            /**
             * @description What happened.
             * @example key.updated
             * @enum {string}
             */
            action: "key.created" | "key.imported" | "key.updated" | "key.disabled" | "key.enabled" | "key.rotated" | "key.secret_retired" | "key.revoked" | "key.restored" | "key.purged" | "policy.updated" | "owner_scopes.updated" | "owner.suspended" | "owner.suspension_lifted" | "owner.updated" | "operator.looked" | "operator.appointed" | "operator.dismissed";
            /**
             * @description To which key; null when it holds for all keys of the owner.
             * @example key_01h455vb4pex5vsknk084sn02q
             */
            keyId: null | string;
            /** @description By whom; null when the database was changed by hand. */
            actor: null | {
                /**
                 * @description `person`, `key` for a key that manages keys, or `system` for a program of the host.
                 * @example person
                 * @enum {string}
                 */
                type: "person" | "key" | "system";
                /**
                 * @description Their id.
                 * @example user_7
                 */
                id: string;
                /**
                 * @description Their name at that time.
                 * @example Ada Lovelace
                 */
                name: null | string;
            };
            /**
             * @description The IP address it was asked from, as far as it is known.
             * @example 192.0.2.17
             */
            address: null | string;
            /**
             * @description With which browser or program.
             * @example curl/8.14.1
             */
            userAgent: null | string;
            /**
             * @description How logs call the request.
             * @example req-1f
             */
            requestId: null | string;
            /**
             * @description As whom it was done in the database, which nobody can choose.
             * @example latchkey_app
             */
            databaseRole: string;
            /**
             * @description The fields that changed, as they were; null: there was nothing.
             * @example {
             *       "name": "CRM"
             *     }
             */
            before: null | {
                [key: string]: unknown;
            };
            /**
             * @description The same fields, as they are since; null: there is nothing any more.
             * @example {
             *       "name": "Integration with CRM"
             *     }
             */
            after: null | {
                [key: string]: unknown;
            };
            /**
             * @description The hash of the event before it; 64 zeros before the first.
             * @example 0000000000000000000000000000000000000000000000000000000000000000
             */
            previousHash: string;
            /**
             * @description The SHA-256 of the text of the event, which an export in JSON Lines holds.
             * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
             */
            hash: string;
        };
        /** @description One page of the audit trail. */
        ApiKeyAuditEventList: {
            /** @description The events of this page. */
            data: components["schemas"]["ApiKeyAuditEvent"][];
            /**
             * @description Send it as `cursor` for the next page; null on the last one.
             * @example null
             */
            nextCursor: null | string;
        };
        /** @description How often several keys were used over the same time. */
        ApiKeysUsage: {
            /**
             * @description How long a bucket is.
             * @example day
             * @enum {string}
             */
            interval: "minute" | "hour" | "day";
            /**
             * @description Whose hours and days these are.
             * @example Europe/Berlin
             */
            timeZone: string;
            /**
             * Format: date-time
             * @description When the first bucket begins.
             * @example 2026-11-20T23:00:00.000Z
             */
            from: string;
            /**
             * Format: date-time
             * @description When the last bucket ends.
             * @example 2026-11-22T23:00:00.000Z
             */
            to: string;
            /** @description The usage of each key. */
            keys: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
                /**
                 * @description What the key is for.
                 * @example Integration with CRM
                 */
                name: string;
                /**
                 * @description How many requests there were.
                 * @example 1204
                 */
                total: number;
                /**
                 * @description How many were let in.
                 * @example 1200
                 */
                accepted: number;
                /**
                 * @description How many were refused, by reason: `expired`, `disabled`, `revoked`, `suspended`, `environment`, `address_not_allowed`, `origin_not_allowed`, `browser_not_allowed`, `secret_key_required`, `insufficient_scope`, `rate_limited`, `quota_exceeded`. More may be added; those that did not occur are left out.
                 * @example {
                 *       "expired": 4
                 *     }
                 */
                refused: {
                    [key: string]: number;
                };
                /** @description Every bucket in order, also those without requests. */
                data: {
                    /**
                     * Format: date-time
                     * @description When the bucket begins.
                     * @example 2026-11-20T23:00:00.000Z
                     */
                    start: string;
                    /**
                     * @description How many requests there were.
                     * @example 1204
                     */
                    total: number;
                    /**
                     * @description How many were let in.
                     * @example 1200
                     */
                    accepted: number;
                    /**
                     * @description How many were refused, by reason: `expired`, `disabled`, `revoked`, `suspended`, `environment`, `address_not_allowed`, `origin_not_allowed`, `browser_not_allowed`, `secret_key_required`, `insufficient_scope`, `rate_limited`, `quota_exceeded`. More may be added; those that did not occur are left out.
                     * @example {
                     *       "expired": 4
                     *     }
                     */
                    refused: {
                        [key: string]: number;
                    };
                }[];
            }[];
        };
        /** @description Which routes a key opened, and which of its scopes it needed for that. */
        ApiKeyRoutes: {
            /**
             * Format: date-time
             * @description Since when this was counted.
             * @example 2026-10-24T00:00:00.000Z
             */
            since: string;
            /** @description The routes that the key opened, most used first. Refused requests are not among them. */
            routes: {
                /**
                 * @description The HTTP method; `*` for several.
                 * @example GET
                 */
                method: string;
                /**
                 * @description The path as it was declared; `(key routes)` for those that manage keys, `(other services)` for what services and proxies asked about.
                 * @example /v1/contacts/:id
                 */
                path: string;
                /**
                 * @description The scopes that it asks for, all of them.
                 * @example [
                 *       "contacts:read"
                 *     ]
                 */
                scopes: string[];
                /**
                 * @description And of these, if there are any, one.
                 * @example []
                 */
                anyScope: string[];
                /**
                 * @description How many requests there were.
                 * @example 1204
                 */
                count: number;
                /**
                 * @description The last day of them, of UTC.
                 * @example 2026-11-22
                 */
                lastUsedOn: string;
            }[];
            /** @description Every scope that the key holds, sets and `:*` taken apart. */
            scopes: {
                /**
                 * @description The scope.
                 * @example contacts:read
                 */
                name: string;
                /**
                 * @description The last day, of UTC, on which a request needed it; null: none since then. Where a route asks for one of several, each counts as needed.
                 * @example 2026-11-22
                 */
                lastUsedOn: null | string;
            }[];
        };
        /** @description The scopes that keys may hold, and how secrets begin. */
        ScopeList: {
            /** @description Every scope a key may hold. */
            data: {
                /**
                 * @description The scope.
                 * @example contacts:read
                 */
                name: string;
                /**
                 * @description What it allows.
                 * @example Read contacts
                 */
                description: string;
                /**
                 * @description Whether a key with it manages keys: nothing that a form should choose by itself.
                 * @example false
                 */
                managesKeys: boolean;
                /**
                 * @description Whether publishable keys may hold it.
                 * @example false
                 */
                public: boolean;
            }[];
            /** @description Sets of scopes under one name. */
            sets: {
                /**
                 * @description The name, as keys hold it.
                 * @example @read-only
                 */
                name: string;
                /**
                 * @description What it allows.
                 * @example Read everything
                 */
                description: string;
                /**
                 * @description What it stands for.
                 * @example [
                 *       "contacts:read",
                 *       "companies:read"
                 *     ]
                 */
                scopes: string[];
            }[];
            /**
             * @description What every secret begins with.
             * @example lk
             */
            keyPrefix: string;
            /**
             * @description What every publishable key begins with.
             * @example lk_pk
             */
            publishableKeyPrefix: string;
        };
        /** @description What the new key shall be. */
        CreateApiKey: {
            /**
             * @description What the key is for, in 1 to 64 characters. Spaces around it are dropped; characters that cannot be seen, or that change the direction of text, are refused.
             * @example Integration with CRM
             */
            name: string;
            /**
             * @description A `publishable` key may stand in a web page for everybody to read: it holds public scopes only, and needs `allowedOrigins`. `secret` when left out. It cannot be changed.
             * @example secret
             * @enum {string}
             */
            kind?: "secret" | "publishable";
            /**
             * @description Which environment the key opens; `live` when left out.
             * @example live
             * @enum {string}
             */
            environment?: "live" | "test";
            /**
             * @description What the key may do: scopes and sets of scopes from the list, or all of a resource as `contacts:*`. Sets and `:*` include what is added to them later.
             * @example [
             *       "contacts:read"
             *     ]
             */
            scopes?: string[];
            /**
             * Format: date-time
             * @description From when on it is refused: a moment in the future, or null for never, as far as the policy of the workspace allows it. Left out, the policy decides.
             * @example 2027-01-01T00:00:00.000Z
             */
            expiresAt?: null | string;
            /**
             * Format: date-time
             * @description From when on it is good; null for at once. It must come before `expiresAt`.
             * @example null
             */
            notBefore?: null | string;
            /**
             * @description Anything to keep with the key: a JSON object of at most 4096 bytes. Handlers find it in `request.apiKey.metadata`.
             * @example {
             *       "team": "sales"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * @description The IPv4 and IPv6 addresses, and ranges of them in CIDR notation, from which it may be used; from everywhere when empty. Each is kept in its one spelling.
             * @example [
             *       "203.0.113.0/24",
             *       "2001:db8::7"
             *     ]
             */
            allowedIps?: string[];
            /**
             * @description The origins of the web pages on which it may be used, as `https://app.example.com`, or `https://*.example.com` for all below a host; everywhere when empty. Requests that name no origin are refused then. A publishable key needs at least one. Browsers keep to it; anything else can name any origin.
             * @example [
             *       "https://app.example.com"
             *     ]
             */
            allowedOrigins?: string[];
            /**
             * @description Whether it is refused to browsers, in which no secret is safe. Not for publishable keys.
             * @example false
             */
            blockBrowsers?: boolean;
            /**
             * @description How often it may be used. All of these hold at once, each under a name of its own; not limited when left out.
             * @example [
             *       {
             *         "name": "burst",
             *         "limit": 100,
             *         "windowSeconds": 10
             *       },
             *       {
             *         "name": "sustained",
             *         "limit": 5000,
             *         "windowSeconds": 3600
             *       }
             *     ]
             */
            rateLimits?: components["schemas"]["ApiKeyRateLimit"][];
            /**
             * @description After how many days the key should be rotated; null when nobody wants to be reminded.
             * @example 90
             */
            rotateEveryDays?: null | number;
            /** @description How many credits it may spend; as many as it likes when null or left out. */
            quota?: null | {
                /**
                 * @description How many credits there are for a period. A request takes one, unless its route costs more or less.
                 * @example 10000
                 */
                limit: number;
                /**
                 * @description How often it is filled up to its limit: each `day`, each `week` (on Monday), each `month`, or `never`.
                 * @example month
                 * @enum {string}
                 */
                period: "never" | "day" | "week" | "month";
                /**
                 * @description The IANA name of the time zone in which days, weeks and months begin; `UTC` when left out.
                 * @example Europe/Berlin
                 */
                timeZone?: string;
                /**
                 * @description The day of a month on which it is filled up, 1 when left out. A month that has no such day uses its last one, so 31 is the last day of each.
                 * @example 1
                 */
                anchorDay?: null | number;
            };
        };
        /** @description What to change. What is left out stays. */
        UpdateApiKey: {
            /**
             * @description What the key is for, in 1 to 64 characters. Spaces around it are dropped; characters that cannot be seen, or that change the direction of text, are refused.
             * @example Integration with CRM
             */
            name?: string;
            /**
             * @description What the key may do: scopes and sets of scopes from the list, or all of a resource as `contacts:*`. Sets and `:*` include what is added to them later.
             * @example [
             *       "contacts:read"
             *     ]
             */
            scopes?: string[];
            /**
             * Format: date-time
             * @description From when on it is refused: a moment in the future, or null for never, as far as the policy of the workspace allows it.
             * @example 2027-01-01T00:00:00.000Z
             */
            expiresAt?: null | string;
            /**
             * Format: date-time
             * @description From when on it is good; null for at once. It must come before `expiresAt`.
             * @example null
             */
            notBefore?: null | string;
            /**
             * @description Anything to keep with the key: a JSON object of at most 4096 bytes. Handlers find it in `request.apiKey.metadata`.
             * @example {
             *       "team": "sales"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * @description The IPv4 and IPv6 addresses, and ranges of them in CIDR notation, from which it may be used; from everywhere when empty. Each is kept in its one spelling.
             * @example [
             *       "203.0.113.0/24",
             *       "2001:db8::7"
             *     ]
             */
            allowedIps?: string[];
            /**
             * @description The origins of the web pages on which it may be used, as `https://app.example.com`, or `https://*.example.com` for all below a host; everywhere when empty. Requests that name no origin are refused then. A publishable key needs at least one. Browsers keep to it; anything else can name any origin.
             * @example [
             *       "https://app.example.com"
             *     ]
             */
            allowedOrigins?: string[];
            /**
             * @description Whether it is refused to browsers, in which no secret is safe. Not for publishable keys.
             * @example false
             */
            blockBrowsers?: boolean;
            /**
             * @description All limits there shall be; an empty list removes them. What was taken from a limit whose name and window stay the same stays taken.
             * @example [
             *       {
             *         "name": "burst",
             *         "limit": 100,
             *         "windowSeconds": 10
             *       },
             *       {
             *         "name": "sustained",
             *         "limit": 5000,
             *         "windowSeconds": 3600
             *       }
             *     ]
             */
            rateLimits?: components["schemas"]["ApiKeyRateLimit"][];
            /**
             * @description After how many days the key should be rotated; null when nobody wants to be reminded.
             * @example 90
             */
            rotateEveryDays?: null | number;
            /** @description The quota as a whole as it shall be from now on; null removes it. */
            quota?: null | {
                /**
                 * @description How many credits there are for a period. A request takes one, unless its route costs more or less.
                 * @example 10000
                 */
                limit: number;
                /**
                 * @description How often it is filled up to its limit: each `day`, each `week` (on Monday), each `month`, or `never`.
                 * @example month
                 * @enum {string}
                 */
                period: "never" | "day" | "week" | "month";
                /**
                 * @description The IANA name of the time zone in which days, weeks and months begin; `UTC` when left out.
                 * @example Europe/Berlin
                 */
                timeZone?: string;
                /**
                 * @description The day of a month on which it is filled up, 1 when left out. A month that has no such day uses its last one, so 31 is the last day of each.
                 * @example 1
                 */
                anchorDay?: null | number;
                /**
                 * @description How many credits there are now. Left out: what was spent stays spent, so that a greater limit gives as many more as it is greater.
                 * @example 10000
                 */
                remaining?: number;
            };
            /**
             * @description `false` disables the key until it is set to `true`.
             * @example false
             */
            enabled?: boolean;
        };
        /** @description How to give the key another secret. */
        RotateApiKey: {
            /**
             * @description For how many seconds the old secret works beside the new one; 0, at once no more, when left out.
             * @example 86400
             */
            gracePeriodSeconds?: number;
        };
        /** @description A key with its new secret. */
        RotatedApiKey: {
            apiKey: components["schemas"]["ApiKey"];
            /**
             * @description The new secret. It is shown here and never again: store it now.
             * @example lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA
             */
            secret: string;
            /** @description When the old secret ended at once, how far that had come; otherwise null. */
            receipt: null | components["schemas"]["RevocationReceipt"];
        };
        /** @description When the replaced secret ends. */
        UpdateRetiringSecret: {
            /**
             * @description In how many seconds from now it ends; 0: at once.
             * @example 0
             */
            gracePeriodSeconds: number;
        };
        /** @description A secret that was replaced and works until its grace ends. */
        ApiKeyRetiringSecret: {
            /**
             * @description Which of the secrets it is.
             * @example 1
             */
            version: number;
            /**
             * @description How it begins.
             * @example lk_live_Xp2v
             */
            start: string;
            /**
             * Format: date-time
             * @description When it was replaced.
             * @example 2026-11-22T09:30:00.000Z
             */
            retiredAt: string;
            /**
             * Format: date-time
             * @description From when on it is refused.
             * @example 2026-11-23T09:30:00.000Z
             */
            endsAt: string;
            /**
             * Format: date-time
             * @description When it was last used since: when that is long ago, it can be ended.
             * @example 2026-11-22T10:12:00.000Z
             */
            lastUsedAt: null | string;
            /**
             * @description The IP address it was used from in that minute; null when that is not known.
             * @example 192.0.2.17
             */
            lastUsedAddress: null | string;
        };
        /** @description What holds for the keys of an owner. */
        ApiKeyPolicy: {
            /** @description What the owner asks; null: whatever the host says. */
            expiry: null | components["schemas"]["ApiKeyExpiryPolicy"];
            effectiveExpiry: components["schemas"]["ApiKeyExpiryPolicy"];
            issue: components["schemas"]["ApiKeyIssuePolicy"];
            /**
             * @description What keys of the owner may do at most, now; null: whatever each of them says.
             * @example null
             */
            scopes: null | string[];
        };
        /** @description What the owner asks of new keys. */
        UpdateApiKeyPolicy: {
            /** @description What the owner asks; null: whatever the host says. */
            expiry: null | components["schemas"]["ApiKeyExpiryPolicy"];
            /** @description Which keys people may hand out; null: whatever each of them may. As it was when left out. */
            issue?: null | components["schemas"]["ApiKeyIssuePolicy"];
        };
        /** @description For how long keys may live. */
        ApiKeyExpiryPolicy: {
            /**
             * @description Days that a key lives when its create does not say; null: as long as it may.
             * @example 90
             */
            defaultDays: null | number;
            /**
             * @description Days that a key may live at most, counted from the request that sets its end; null: any number.
             * @example 365
             */
            maxDays: null | number;
            /**
             * @description Whether a key may live for ever.
             * @example false
             */
            allowNever: boolean;
        };
        /** @description Which keys people may hand out. */
        ApiKeyIssuePolicy: {
            /**
             * @description What keys may be given; null: whatever their creators may hand out.
             * @example [
             *       "contacts:read"
             *     ]
             */
            scopes: null | string[];
            /**
             * @description Who creates and rotates live keys: every member who may make keys, or owners and admins alone.
             * @example admins
             * @enum {string}
             */
            liveKeysBy: "everybody" | "admins";
        };
        /** @description A key to check, and what it must be good for. */
        VerifyApiKey: {
            /**
             * @description The key, as its holder presented it.
             * @example lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA
             */
            secret: string;
            /**
             * @description The scopes that it must have, every one of them; declared ones only.
             * @example [
             *       "contacts:read"
             *     ]
             */
            scopes?: string[];
            /**
             * @description Scopes of which it must have at least one, beside those; declared ones only.
             * @example [
             *       "contacts:read",
             *       "contacts:write"
             *     ]
             */
            anyScope?: string[];
            /**
             * @description The environment that it must be for; either when left out.
             * @example live
             * @enum {string}
             */
            environment?: "live" | "test";
            /**
             * @description Units to take from each of its rate limits, and credits from its quota; 1 when left out.
             * @example 1
             */
            cost?: number;
            /**
             * @description The address of whoever presented it. Wrong keys are counted against this address; without one they are not counted, and a key that is bound to addresses is refused.
             * @example 192.0.2.17
             */
            ip?: string | unknown | unknown;
            /**
             * @description The header `Origin` of the request that it came with, as it was; left out when there was none. A key that is bound to web pages is refused without one, and one that is not for browsers with one.
             * @example https://app.example.com
             */
            origin?: string;
        };
        /** @description Keys to check, each for itself. */
        VerifyApiKeys: {
            /** @description Up to 100 keys to check, in this order. */
            requests: components["schemas"]["VerifyApiKey"][];
        };
        /** @description Whether a key is good for what was asked. */
        ApiKeyVerdict: {
            /**
             * @description Whether the request may pass. Nothing else says so.
             * @example true
             */
            valid: boolean;
            /**
             * @description `valid`, or why not. The codes are those of problems; `invalid_request` occurs only where several keys were asked about, for those whose form is wrong.
             * @example valid
             * @enum {string}
             */
            code: "valid" | "invalid_key" | "owner_suspended" | "key_disabled" | "key_expired" | "key_pending" | "key_retired" | "key_revoked" | "wrong_environment" | "address_not_allowed" | "origin_not_allowed" | "browser_not_allowed" | "secret_key_required" | "insufficient_scope" | "rate_limited" | "quota_exceeded" | "too_many_attempts" | "invalid_request";
            /** @description The key, also one that is refused; null when it is unknown. */
            apiKey: null | components["schemas"]["VerifiedApiKey"];
            /** @description Where its limits stand; none when it was refused for another reason. */
            rateLimits: components["schemas"]["ApiKeyRateLimitState"][];
            /**
             * @description With `rate_limited`, `quota_exceeded` and `too_many_attempts`: after how many seconds the answer may be another; otherwise, and when waiting does not help, null.
             * @example null
             */
            retryAfterSeconds: null | number;
            /** @description With `invalid_request`: the fields that are wrong. */
            errors?: {
                /**
                 * @description The field.
                 * @example scopes
                 */
                field: string;
                /**
                 * @description What is wrong with it.
                 * @example must be array
                 */
                message: string;
            }[];
        };
        /** @description Whether keys are good for what was asked. */
        ApiKeyVerdicts: {
            /** @description One for each request, in the order of the requests. */
            data: components["schemas"]["ApiKeyVerdict"][];
        };
        /** @description A key that was recognised. */
        VerifiedApiKey: {
            /**
             * @description The id of the key.
             * @example key_01h455vb4pex5vsknk084sn02q
             */
            id: string;
            /**
             * @description Whose key it is.
             * @example workspace_42
             */
            owner: string;
            /**
             * @description What the key is for.
             * @example Integration with CRM
             */
            name: string;
            /**
             * @description Which environment the key opens.
             * @example live
             * @enum {string}
             */
            environment: "live" | "test";
            /**
             * @description Every scope the key has.
             * @example [
             *       "contacts:read",
             *       "contacts:write"
             *     ]
             */
            scopes: string[];
            /**
             * @description What is kept with the key.
             * @example {
             *       "team": "sales"
             *     }
             */
            metadata: {
                [key: string]: unknown;
            };
        };
        /** @description What the token shall be. */
        CreateApiKeyToken: {
            /**
             * @description What the token shall allow, of what the key may do; all of that when left out.
             * @example [
             *       "contacts:read"
             *     ]
             */
            scopes?: string[];
            /**
             * @description The service that the token is for, of those that the host names; the first when left out.
             * @example https://reports.example.com
             */
            audience?: string;
            /**
             * @description For how long it shall work: at most, and when left out, as long as the host has it, and never longer than its key.
             * @example 120
             */
            lifetimeSeconds?: number;
        };
        /** @description A token, shown this once. */
        CreatedApiKeyToken: {
            /**
             * @description A signed JWT (RFC 9068). Whoever has it can do what it allows until it expires.
             * @example eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9.eyJpc3MiOiIuLi4ifQ.c2lnbmF0dXJl
             */
            access_token: string;
            /**
             * @description How to present it: `Authorization: Bearer`.
             * @enum {string}
             */
            token_type: "Bearer";
            /**
             * @description For how many seconds it works.
             * @example 300
             */
            expires_in: number;
            /**
             * @description What it allows: scopes with spaces between them.
             * @example contacts:read
             */
            scope: string;
        };
        /** @description The public keys by which tokens are verified (RFC 7517). */
        ApiKeyJsonWebKeySet: {
            /** @description Those that signed lately, the one that signs, and the next one. */
            keys: {
                /**
                 * @description The type of key.
                 * @enum {string}
                 */
                kty: "OKP";
                /**
                 * @description The curve.
                 * @enum {string}
                 */
                crv: "Ed25519";
                /**
                 * @description The public key.
                 * @example 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo
                 */
                x: string;
                /**
                 * @description What it is for.
                 * @enum {string}
                 */
                use: "sig";
                /**
                 * @description The only algorithm that it is for.
                 * @enum {string}
                 */
                alg: "EdDSA";
                /**
                 * @description Its name in the header of a token.
                 * @example kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k
                 */
                kid: string;
            }[];
        };
        /** @description How often a key may be used within a while. */
        ApiKeyRateLimit: {
            /**
             * @description Tells the limits of a key apart: 1 to 32 of a-z, 0-9, `_` and `-`, a letter first. Replies name the limit by it.
             * @example burst
             */
            name: string;
            /**
             * @description How many units may be taken. A request takes one, unless its route costs more or less.
             * @example 100
             */
            limit: number;
            /**
             * @description Within how many seconds, wherever they begin.
             * @example 60
             */
            windowSeconds: number;
        };
        /** @description Where a rate limit of a key stands. */
        ApiKeyRateLimitState: {
            /**
             * @description Tells the limits of a key apart.
             * @example burst
             */
            name: string;
            /**
             * @description How many units may be taken.
             * @example 100
             */
            limit: number;
            /**
             * @description Within how many seconds.
             * @example 60
             */
            windowSeconds: number;
            /**
             * @description Units that are left.
             * @example 99
             */
            remaining: number;
            /**
             * @description Seconds until units that were taken come back.
             * @example 60
             */
            resetSeconds: number;
        };
        /** @description How many credits a key may spend, and how many are left. */
        ApiKeyQuota: {
            /**
             * @description How many credits there are for a period. A request takes one, unless its route costs more or less.
             * @example 10000
             */
            limit: number;
            /**
             * @description How often it is filled up to its limit: each `day`, each `week` (on Monday), each `month`, or `never`.
             * @example month
             * @enum {string}
             */
            period: "never" | "day" | "week" | "month";
            /**
             * @description The time zone in which days, weeks and months begin.
             * @example Europe/Berlin
             */
            timeZone: string;
            /**
             * @description The day of a month on which it is filled up, or the last day of a month that has no such day; null for other periods.
             * @example 1
             */
            anchorDay: null | number;
            /**
             * @description How many credits are left. Those that a node has taken to spend within the next seconds count as spent until it gives them back.
             * @example 9120
             */
            remaining: number;
            /**
             * Format: date-time
             * @description When it is filled up to its limit; null for never.
             * @example 2026-12-01T00:00:00.000Z
             */
            refillsAt: null | string;
        };
        /** @description A problem document (RFC 9457). */
        ApiKeyProblem: {
            /**
             * Format: uri-reference
             * @description What kind of problem it is, as an address.
             * @example https://latchkey.dev/problems/invalid_request
             */
            type: string;
            /**
             * @description The kind of problem, for people.
             * @example The request is not valid
             */
            title: string;
            /**
             * @description The HTTP status.
             * @example 400
             */
            status: number;
            /**
             * @description What is wrong this time, for people.
             * @example Something in the request is not as it must be; `errors` names the fields.
             */
            detail: string;
            /**
             * @description The kind of problem, for programs. A code never changes its meaning.
             * @example invalid_request
             */
            code: string;
            /**
             * @description By which the request is found in the log.
             * @example req-1
             */
            requestId: string;
            /** @description The fields that are wrong. */
            errors?: {
                /**
                 * @description The field.
                 * @example name
                 */
                field: string;
                /**
                 * @description What is wrong with it.
                 * @example is required
                 */
                message: string;
            }[];
            /** @description The rate limits of the key that were reached. */
            "violated-policies"?: string[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listApiKeys: {
        parameters: {
            query?: {
                /** @description How many keys a page holds. */
                limit?: number;
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /** @description Part of a name, in any case, or how the secret begins. */
                q?: string;
                /** @description Only keys in these states; repeat it for several. Left out: all but revoked ones. */
                status?: ("active" | "pending" | "disabled" | "expired" | "revoked")[];
                /**
                 * @description Only keys of this environment.
                 * @example live
                 */
                environment?: "live" | "test";
                /**
                 * @description Only keys that hold this scope: by its name, by all of its resource (`contacts:*`) or by a set that has it. Asked for `contacts:*` or a set, those that hold just this name.
                 * @example contacts:read
                 */
                scope?: string;
                /**
                 * @description Only keys that whoever has this id created.
                 * @example user_42
                 */
                createdBy?: string;
                /**
                 * @description Only keys that end by themselves before this moment, or have.
                 * @example 2026-12-01T00:00:00Z
                 */
                expiresBefore?: string;
                /** @description `true`: only keys that never end by themselves; `false`: only those that do. */
                neverExpires?: boolean;
                /**
                 * @description Only keys that were created before this moment and not used since.
                 * @example 2026-10-23T00:00:00Z
                 */
                unusedSince?: string;
                /** @description `true`: only keys whose secret before the present one still works; `false`: only the others. */
                rotating?: boolean;
                /** @description Whether `total` shall tell how many keys there are on all pages together. */
                count?: boolean;
                /** @description The order; `-` turns it round. */
                sort?: "createdAt" | "-createdAt" | "name" | "-name";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this one request, best by a UUID, so that it can be repeated when its reply was lost: for ten minutes the same request answers with the same key and secret instead of creating another.
                 * @example 0b9f3c5e-6a57-4a1c-9a53-0d1c1f6a7b10
                 */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateApiKey"];
            };
        };
        responses: {
            /** @description The key was created. Store the secret now. */
            201: {
                headers: {
                    /** @description Where the key is found. */
                    Location?: string;
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    /** @description `true` when this repeats an earlier reply. */
                    "Idempotency-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `already_revoked`: The key is revoked. `too_many_keys`: There are too many keys. `idempotency_in_flight`: The same request is still in progress. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `idempotency_mismatch`: The Idempotency-Key was used for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    listScopes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The scopes, and how secrets begin. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScopeList"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getApiKeyPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The policy. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPolicy"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    setApiKeyPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateApiKeyPolicy"];
            };
        };
        responses: {
            /** @description The policy from now on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPolicy"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getUsage: {
        parameters: {
            query?: {
                /**
                 * @description The series begins with the bucket that has this moment. Left out: 60 minutes, 24 hours or 30 days before its end.
                 * @example 2026-11-01T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The series ends before this moment; now when left out.
                 * @example 2026-11-22T00:00:00Z
                 */
                to?: string;
                /** @description How long a bucket is. There are at most 1500. */
                interval?: "minute" | "hour" | "day";
                /**
                 * @description The IANA name of the time zone whose hours and days are meant.
                 * @example Europe/Berlin
                 */
                timeZone?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage of all keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyUsage"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getUsageOfKeys: {
        parameters: {
            query?: {
                /** @description Of which keys; repeat it for several. Left out: of those with the most requests in this time. */
                ids?: string[];
                /** @description How many of those with the most requests; 10 when left out. */
                limit?: number;
                /**
                 * @description The series begins with the bucket that has this moment. Left out: 60 minutes, 24 hours or 30 days before its end.
                 * @example 2026-11-01T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The series ends before this moment; now when left out.
                 * @example 2026-11-22T00:00:00Z
                 */
                to?: string;
                /** @description How long a bucket is. There are at most 100 for each key. */
                interval?: "minute" | "hour" | "day";
                /**
                 * @description The IANA name of the time zone whose hours and days are meant.
                 * @example Europe/Berlin
                 */
                timeZone?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage of the keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeysUsage"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    deleteApiKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.
                 * @example "pC2oPzr1t0mJ9yFfBqW3Lg"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is revoked. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `precondition_failed`: The key has changed since. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    updateApiKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.
                 * @example "pC2oPzr1t0mJ9yFfBqW3Lg"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateApiKey"];
            };
        };
        responses: {
            /** @description The changed key. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpdatedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `already_revoked`: The key is revoked. `already_expired`: The key has expired. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `precondition_failed`: The key has changed since. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getApiKeyUsage: {
        parameters: {
            query?: {
                /**
                 * @description The series begins with the bucket that has this moment. Left out: 60 minutes, 24 hours or 30 days before its end.
                 * @example 2026-11-01T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The series ends before this moment; now when left out.
                 * @example 2026-11-22T00:00:00Z
                 */
                to?: string;
                /** @description How long a bucket is. There are at most 1500. */
                interval?: "minute" | "hour" | "day";
                /**
                 * @description The IANA name of the time zone whose hours and days are meant.
                 * @example Europe/Berlin
                 */
                timeZone?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage of the key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyUsage"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getApiKeyRoutes: {
        parameters: {
            query?: {
                /** @description How many days to look back, with today; they are days of UTC. */
                days?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The routes and scopes of the key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyRoutes"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.
                 * @example "pC2oPzr1t0mJ9yFfBqW3Lg"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevokeApiKey"];
            };
        };
        responses: {
            /** @description The key is revoked. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `already_revoked`: The key is revoked. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `precondition_failed`: The key has changed since. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    restoreApiKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.
                 * @example "pC2oPzr1t0mJ9yFfBqW3Lg"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The restored key. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RestoredApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_revoked`: The key is not revoked. `not_restorable`: The key cannot be restored. `too_many_keys`: There are too many keys. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `precondition_failed`: The key has changed since. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    changeApiKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeApiKeys"];
            };
        };
        responses: {
            /** @description What became of each key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedApiKeys"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    selfRevokeApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SelfRevokeApiKey"];
            };
        };
        responses: {
            /** @description It does not work any more. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SelfRevokedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_expired`: The API key has expired. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    rotateApiKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this one request, best by a UUID, so that it can be repeated when its reply was lost: for ten minutes the same request answers with the same key and secret instead of creating another.
                 * @example 0b9f3c5e-6a57-4a1c-9a53-0d1c1f6a7b10
                 */
                "idempotency-key"?: string;
                /**
                 * @description The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.
                 * @example "pC2oPzr1t0mJ9yFfBqW3Lg"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateApiKey"];
            };
        };
        responses: {
            /** @description The key has a new secret. Store it now. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    /** @description `true` when this repeats an earlier reply. */
                    "Idempotency-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotatedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `already_revoked`: The key is revoked. `already_expired`: The key has expired. `already_retiring`: Two secrets of the key work already. `idempotency_in_flight`: The same request is still in progress. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `precondition_failed`: The key has changed since. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `idempotency_mismatch`: The Idempotency-Key was used for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    updateRetiringSecret: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.
                 * @example "pC2oPzr1t0mJ9yFfBqW3Lg"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateRetiringSecret"];
            };
        };
        responses: {
            /** @description The key, with the new end of its replaced secret. */
            200: {
                headers: {
                    /** @description Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpdatedApiKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `reauthentication_required`: A recent sign-in is needed. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. `beyond_grant`: This is more than you may hand out. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `not_found`: Not found. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `already_revoked`: The key is revoked. `not_retiring`: No replaced secret works. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `precondition_failed`: The key has changed since. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    verifyApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyApiKey"];
            };
        };
        responses: {
            /** @description The verdict. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyVerdict"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    verifyApiKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyApiKeys"];
            };
        };
        responses: {
            /** @description The verdicts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyVerdicts"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    authorizeRequest: {
        parameters: {
            query?: {
                /** @description A scope that the key must have; repeat it for several, or put spaces between them. */
                scope?: string[];
                /** @description A scope of which the key must have one, beside those; written as they are. */
                anyScope?: string[];
                /** @description The environment that the key must be for; either when left out. */
                environment?: "live" | "test";
                /** @description Units to take from each rate limit of the key, and credits from its quota. */
                cost?: number;
                /** @description With `nginx`, which makes a 500 of all refusals but 401 and 403, what would be 429 is 403 and what would be 400 is 401; `X-Latchkey-Code` tells them apart. */
                proxy?: "nginx";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request may pass. */
            200: {
                headers: {
                    /** @description The id of the key. */
                    "X-Latchkey-Key-Id"?: string;
                    /** @description Whose key it is, percent-encoded. */
                    "X-Latchkey-Owner"?: string;
                    /** @description The scopes of the key, with spaces between them. */
                    "X-Latchkey-Scopes"?: string;
                    /** @description `live` or `test`. */
                    "X-Latchkey-Environment"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. `wrong_environment`: The API key is for another environment. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    listAuditEvents: {
        parameters: {
            query?: {
                /** @description How many events a page holds. */
                limit?: number;
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /**
                 * @description Only events of this key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                keyId?: string;
                /** @description Only these actions; repeat it for several. */
                action?: ("key.created" | "key.imported" | "key.updated" | "key.disabled" | "key.enabled" | "key.rotated" | "key.secret_retired" | "key.revoked" | "key.restored" | "key.purged" | "policy.updated" | "owner_scopes.updated" | "owner.suspended" | "owner.suspension_lifted" | "owner.updated" | "operator.looked" | "operator.appointed" | "operator.dismissed")[];
                /**
                 * @description Only what this person, key or program did.
                 * @example user_7
                 */
                actorId?: string;
                /**
                 * @description Only events from this moment on.
                 * @example 2026-11-01T00:00:00Z
                 */
                since?: string;
                /**
                 * @description Only events before this moment.
                 * @example 2026-12-01T00:00:00Z
                 */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyAuditEventList"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    exportAuditEvents: {
        parameters: {
            query?: {
                /** @description `jsonl`: JSON Lines, by which the chain of hashes can be checked. `csv`: a table (RFC 4180) in which no cell is a formula. */
                format?: "jsonl" | "csv";
                /**
                 * @description Only events of this key.
                 * @example key_01h455vb4pex5vsknk084sn02q
                 */
                keyId?: string;
                /** @description Only these actions; repeat it for several. */
                action?: ("key.created" | "key.imported" | "key.updated" | "key.disabled" | "key.enabled" | "key.rotated" | "key.secret_retired" | "key.revoked" | "key.restored" | "key.purged" | "policy.updated" | "owner_scopes.updated" | "owner.suspended" | "owner.suspension_lifted" | "owner.updated" | "operator.looked" | "operator.appointed" | "operator.dismissed")[];
                /**
                 * @description Only what this person, key or program did.
                 * @example user_7
                 */
                actorId?: string;
                /**
                 * @description Only events from this moment on.
                 * @example 2026-11-01T00:00:00Z
                 */
                since?: string;
                /**
                 * @description Only events before this moment.
                 * @example 2026-12-01T00:00:00Z
                 */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events, one a line. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": string;
                    "text/csv": string;
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. `forbidden`: Not allowed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateApiKeyToken"];
            };
        };
        responses: {
            /** @description The token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedApiKeyToken"];
                };
            };
            /** @description `invalid_request`: The request is not valid. `multiple_credentials`: More than one credential was sent. `invalid_json`: The body is not valid JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unauthenticated`: Credentials are missing. `invalid_key`: The API key is not valid. `key_disabled`: The API key is disabled. `key_expired`: The API key has expired. `key_pending`: The API key is not good yet. `key_revoked`: The API key was revoked. `key_retired`: The secret of the API key was replaced. */
            401: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `owner_suspended`: The owner of the API key is suspended. `insufficient_scope`: The API key lacks a scope. `address_not_allowed`: The API key may not be used from this address. `origin_not_allowed`: The API key may not be used on this page. `browser_not_allowed`: The API key may not be used in a browser. `secret_key_required`: A secret API key is needed. */
            403: {
                headers: {
                    /** @description How to authenticate, and what was wrong (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `request_timeout`: The request took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `payload_too_large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unsupported_media_type`: The content type is not supported. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `rate_limited`: The API key is used too often. `quota_exceeded`: The API key has too few credits left. `too_many_attempts`: Too many wrong API keys. */
            429: {
                headers: {
                    /** @description After how many seconds the same request is accepted. */
                    "Retry-After"?: number;
                    /** @description The limits of the key: units (`q`) in a window of seconds (`w`), by name. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of them: units (`r`), and seconds until more come back (`t`), by name. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
    getJwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys. */
            200: {
                headers: {
                    /** @description For how long they may be kept. */
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/jwk-set+json": components["schemas"]["ApiKeyJsonWebKeySet"];
                };
            };
            /** @description `invalid_request`: The request is not valid. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
            /** @description `unavailable`: Temporarily unavailable. */
            503: {
                headers: {
                    /** @description After how many seconds to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ApiKeyProblem"];
                };
            };
        };
    };
}
