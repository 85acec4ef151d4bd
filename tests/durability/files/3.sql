PRAGMA application_id = 1346847316;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE branch_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    branch_id INTEGER NOT NULL REFERENCES branches ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    UNIQUE (branch_id, version_id)
);
INSERT INTO "branch_versions" VALUES(1,1,1,1795747446333713);
INSERT INTO "branch_versions" VALUES(2,2,2,1795747446390443);
INSERT INTO "branch_versions" VALUES(3,2,3,1795747446469262);
CREATE TABLE branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    name TEXT NOT NULL,
    head_version_id INTEGER REFERENCES versions ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (pacticipant_id, name)
);
INSERT INTO "branches" VALUES(1,1,'main',1,1795747446333713,1795747446333713);
INSERT INTO "branches" VALUES(2,2,'main',3,1795747446390443,1795747446390443);
CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    sha TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    packed TEXT NOT NULL,
    UNIQUE (provider_id, consumer_id, sha)
);
INSERT INTO "contents" VALUES(1,2,1,'bd2eb85fdbc6a36874a10b6c540c053291d285fc',1795747446390917,X'789CED92316EC3300C45AF52703652D6086CCB7B9103A45B111494C8341A6C2B921CA4307CF75208DAA267483849FFF3931CDE026E1AD33C48847E81910681FE4F5A2B0871BA78FE67FF4A6AFB314B2497BD46A07F5FE0C3B3B66CA511635A63A5438BC6B6DC35A626C4A390DDBE205BDBB49DB350014B72D1873241831789495F4FA84E94F32C2997CD83E4D35406EF5EDFD409944FFA79C67242941474BB94BE9429CF7A488D58819DF8AB888198FDF8A981EBA3EEAE605DD743550822A64C37205CDE0771FEE81DDDC05B7EC8534AEA0D6EB0C4BE0154604C01');
INSERT INTO "contents" VALUES(2,2,1,'479acfcb8815f103ce136c91d8a949858c3a0c94',1795747446469674,X'789CED92C14EC3300C865F05F95C8D645B4BDAFBB407801B4293677B2C87B659924EA0AAEF3E4713209E017C4AFEDFBFEDC337038D439A7A89D0CD30602FD0FD484B05218E57CFBFEC6F496D3F648948D96B04BAD7190E9EB5C56EB7D6B4E8DC53B3B15CD7A7A62612675DDB1E9D3876D86C1C5A820A5812451FCA040D5E25267D3D5875A25C2649B96CEE259FC73278BF7B5127603EEBE7D19613A2A4A0DBA5F4A58C79D243D6C654701CF9B3880199FDF0AE818FFFFA7305CBB2BC55852064CC780782F27310F2274F78076FFE224F2959AFCCCA94D80DF7354B23');
CREATE TABLE deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    instance TEXT,
    current INTEGER NOT NULL,
    undeployed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
INSERT INTO "deployments" VALUES(1,'9ff788c0-c94b-441b-9469-c746e3af6130',1,1,1,NULL,1,NULL,1795747446501325,1795747446501325);
INSERT INTO "deployments" VALUES(2,'965c415a-1276-48ba-b4ab-56b04ae14879',1,2,3,NULL,1,NULL,1795747446504870,1795747446504870);
CREATE TABLE environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    production INTEGER NOT NULL,
    contacts TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
INSERT INTO "environments" VALUES(1,'b59adacb-5292-42cd-be23-af2295b6558f','test','test',0,NULL,1795747446247200,1795747446247200);
CREATE TABLE integrations (
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (provider_id, consumer_id)
) WITHOUT ROWID;
INSERT INTO "integrations" VALUES(2,1,1795747446391173,1795747446472569);
CREATE TABLE labels (
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (pacticipant_id, name)
) WITHOUT ROWID;
CREATE TABLE pacticipants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    likeness TEXT NOT NULL,
    display_name TEXT,
    repository_url TEXT,
    repository_name TEXT,
    repository_namespace TEXT,
    main_branch TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
INSERT INTO "pacticipants" VALUES(1,'provider','[]',NULL,NULL,NULL,NULL,'main',1795747446333038,1795747446333879);
INSERT INTO "pacticipants" VALUES(2,'consumer','["consumer"]',NULL,NULL,NULL,NULL,'main',1795747446390307,1795747446390512);
CREATE TABLE publications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    current INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
INSERT INTO "publications" VALUES(1,2,1,2,1,1,1,1795747446391100);
INSERT INTO "publications" VALUES(2,2,1,3,2,1,1,1795747446469726);
CREATE TABLE releases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    support_ended_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (version_id, environment_id)
);
INSERT INTO "releases" VALUES(1,'b5abb65c-d621-4c85-ac50-05c509c9f6ba',1,2,2,NULL,1795747446529204,1795747446529204);
CREATE TABLE result_tags (
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    tag TEXT NOT NULL,
    wip INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (content_id, tag, wip)
) WITHOUT ROWID;
INSERT INTO "result_tags" VALUES(2,'dev',0,1795747446472405);
CREATE TABLE results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    success INTEGER NOT NULL,
    wip INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    current INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    build_url TEXT,
    verified_by TEXT,
    test_results TEXT
);
INSERT INTO "results" VALUES(1,1,2,1,1,0,0,0,1,1795747446421930,NULL,NULL,NULL);
INSERT INTO "results" VALUES(2,2,2,1,1,1,0,0,1,1795747446472405,NULL,NULL,NULL);
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    name TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    UNIQUE (pacticipant_id, name, version_id)
);
INSERT INTO "tags" VALUES(1,1,'dev',1,1795747446388618);
INSERT INTO "tags" VALUES(2,2,'dev',2,1795747446390532);
INSERT INTO "tags" VALUES(3,2,'dev',3,1795747446469379);
CREATE TABLE triggered_webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    webhook_id INTEGER REFERENCES webhooks ON DELETE SET NULL,
    webhook_uuid TEXT NOT NULL,
    publication_id INTEGER NOT NULL REFERENCES publications ON DELETE CASCADE,
    result_id INTEGER REFERENCES results ON DELETE CASCADE,
    consumer_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    provider_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    event TEXT NOT NULL,
    context TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL
);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pacticipant_id INTEGER NOT NULL REFERENCES pacticipants ON DELETE CASCADE,
    number TEXT NOT NULL,
    build_url TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (pacticipant_id, number)
);
INSERT INTO "versions" VALUES(1,1,'9',NULL,1795747446333669,1795747446333670);
INSERT INTO "versions" VALUES(2,2,'0',NULL,1795747446390411,1795747446390411);
INSERT INTO "versions" VALUES(3,2,'1',NULL,1795747446469212,1795747446469212);
CREATE TABLE webhook_executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    triggered_id INTEGER NOT NULL REFERENCES triggered_webhooks ON DELETE CASCADE,
    success INTEGER NOT NULL,
    log TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    description TEXT,
    consumer_id INTEGER REFERENCES pacticipants ON DELETE CASCADE,
    consumer_label TEXT,
    provider_id INTEGER REFERENCES pacticipants ON DELETE CASCADE,
    provider_label TEXT,
    enabled INTEGER NOT NULL,
    events TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
INSERT INTO "webhooks" VALUES(1,'d_fMoygf_QN9rMrWlApPfg',NULL,NULL,NULL,NULL,NULL,1,'["contract_published"]','{"method":"POST","url":"http://hook.invalid/","headers":{}}',1795747446545042,1795747446545042);
CREATE INDEX pacticipants_likeness ON pacticipants (likeness);
CREATE INDEX labels_name ON labels (name);
CREATE INDEX versions_order ON versions (pacticipant_id, id);
CREATE INDEX branches_head ON branches (head_version_id);
CREATE INDEX branch_versions_version ON branch_versions (version_id);
CREATE INDEX tags_version ON tags (version_id, name);
CREATE INDEX contents_consumer ON contents (consumer_id);
CREATE UNIQUE INDEX publications_current ON publications (version_id, provider_id) WHERE current = 1;
CREATE INDEX publications_version ON publications (version_id);
CREATE INDEX publications_pair ON publications (provider_id, consumer_id, version_id);
CREATE INDEX publications_consumer ON publications (consumer_id, provider_id);
CREATE INDEX publications_content ON publications (content_id);
CREATE INDEX integrations_consumer ON integrations (consumer_id);
CREATE UNIQUE INDEX results_current ON results (content_id, provider_version_id) WHERE current = 1;
CREATE INDEX results_content ON results (content_id, provider_version_id, success);
CREATE INDEX results_version ON results (provider_version_id);
CREATE INDEX results_pair ON results (provider_id, consumer_id);
CREATE INDEX results_consumer ON results (consumer_id);
CREATE UNIQUE INDEX deployments_current ON deployments (environment_id, pacticipant_id, ifnull(instance, ''))
    WHERE current = 1;
CREATE INDEX deployments_version ON deployments (version_id, environment_id);
CREATE INDEX deployments_pacticipant ON deployments (pacticipant_id, current);
CREATE INDEX webhooks_consumer ON webhooks (consumer_id);
CREATE INDEX webhooks_provider ON webhooks (provider_id);
CREATE INDEX triggered_webhooks_due ON triggered_webhooks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX triggered_webhooks_webhook ON triggered_webhooks (webhook_id);
CREATE INDEX triggered_webhooks_publication ON triggered_webhooks (publication_id);
CREATE INDEX triggered_webhooks_result ON triggered_webhooks (result_id);
CREATE INDEX triggered_webhooks_pair ON triggered_webhooks (consumer_id, provider_id);
CREATE INDEX triggered_webhooks_provider ON triggered_webhooks (provider_id);
CREATE INDEX webhook_executions_triggered ON webhook_executions (triggered_id);
CREATE INDEX deployments_environment ON deployments (environment_id, current, pacticipant_id);
CREATE INDEX releases_environment ON releases (environment_id, support_ended_at, pacticipant_id);
CREATE INDEX releases_pacticipant ON releases (pacticipant_id, support_ended_at);
CREATE INDEX tags_first ON tags (pacticipant_id, name, created_at);
CREATE INDEX branch_versions_first ON branch_versions (branch_id, id);
CREATE INDEX results_last ON results (content_id, current, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('environments',1);
INSERT INTO "sqlite_sequence" VALUES('pacticipants',2);
INSERT INTO "sqlite_sequence" VALUES('versions',3);
INSERT INTO "sqlite_sequence" VALUES('branches',3);
INSERT INTO "sqlite_sequence" VALUES('branch_versions',3);
INSERT INTO "sqlite_sequence" VALUES('tags',3);
INSERT INTO "sqlite_sequence" VALUES('contents',2);
INSERT INTO "sqlite_sequence" VALUES('publications',2);
INSERT INTO "sqlite_sequence" VALUES('results',2);
INSERT INTO "sqlite_sequence" VALUES('deployments',2);
INSERT INTO "sqlite_sequence" VALUES('releases',1);
INSERT INTO "sqlite_sequence" VALUES('webhooks',1);
COMMIT;
