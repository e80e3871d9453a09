-- What the version before wrote in a run of customers.csv that was stopped by --limit 6, in English; the run's journal.
PRAGMA application_id = 1651980394;
PRAGMA user_version = 1;
CREATE TABLE claim (number INTEGER PRIMARY KEY, run TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
CREATE TABLE earlier (
  row INTEGER NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, copy INTEGER, key INTEGER, origin INTEGER,
  generation INTEGER, status INTEGER NOT NULL, id ANY, attempts INTEGER NOT NULL, at INTEGER NOT NULL,
  code TEXT, field TEXT, message TEXT) STRICT;
CREATE TABLE finding (
  row INTEGER NOT NULL, number INTEGER NOT NULL, place INTEGER, field TEXT NOT NULL, code TEXT NOT NULL,
  rule TEXT NOT NULL, hint TEXT NOT NULL) STRICT;
INSERT INTO "finding" VALUES(3,5,1,'mobile','one_of','at least one of these must be filled: Mobile, Landline','fill in one of them');
CREATE TABLE operation (
  row INTEGER PRIMARY KEY, number INTEGER NOT NULL, content BLOB NOT NULL, copy INTEGER, key INTEGER, origin INTEGER,
  generation INTEGER, status INTEGER NOT NULL, id ANY, attempts INTEGER NOT NULL, at INTEGER NOT NULL,
  code TEXT, field TEXT, message TEXT) STRICT;
INSERT INTO "operation" VALUES(0,2,X'9F0E4F414EC9BE30552BCC81AF7F73C5',NULL,-8873839428629215494,NULL,NULL,1,50061,1,1795655826548,NULL,NULL,NULL);
INSERT INTO "operation" VALUES(1,3,X'D62DD2254606C7031122FDF66A93A0AE',NULL,-292416712676965013,NULL,NULL,1,50062,1,1795655826551,NULL,NULL,NULL);
INSERT INTO "operation" VALUES(2,4,X'CE17A622DCBEE55A23973F196B11A773',NULL,7693848080553304835,NULL,NULL,1,50063,1,1795655826552,NULL,NULL,NULL);
INSERT INTO "operation" VALUES(3,5,X'5D6CADB398B69FB8C38C5B23C3FC3917',NULL,NULL,NULL,NULL,5,NULL,0,1795655826541,'one_of','mobile','手机: at least one of these must be filled: Mobile, Landline');
INSERT INTO "operation" VALUES(4,6,X'E74189AF6EB47E37A5B8C1F777B18851',NULL,-6942635011079874466,NULL,NULL,1,50064,1,1795655826552,NULL,NULL,NULL);
INSERT INTO "operation" VALUES(5,7,X'7D800D975CC825C78015D27437CC5E86',NULL,6795427581735265353,NULL,NULL,1,50065,1,1795655826552,NULL,NULL,NULL);
CREATE TABLE reservation (first INTEGER PRIMARY KEY, rows BLOB NOT NULL) STRICT;
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "run" VALUES('exit','3');
INSERT INTO "run" VALUES('finished','0');
INSERT INTO "run" VALUES('identity','{"run":"01a2156d-7c53-71b6-9433-89f4a4f276e3","entity":"customers","mode":"create","target":"http://{host}/api/v1 demo@example.com","host":"{host}","input":"821a3c7ae96c56df34d0ca69a8a43012","mapping":"3249d52353f991a74cd1172e4f84ccc1","catalog":"9126ca8b458cf85299e9575d2ed87d5a","input_path":"{folder}/customers.csv","input_shown":"customers.csv","sheet":null,"header_row":null,"encoding":null,"mapping_text":null,"account_mode":"2B","rows":8,"parent":null,"started":1795655826516}');
INSERT INTO "run" VALUES('note.failed','ad789366b79d0d3bae1a71ec1df42497 failed.csv');
INSERT INTO "run" VALUES('requests','6');
INSERT INTO "run" VALUES('retries','0');
INSERT INTO "run" VALUES('seconds','0.014365307');
CREATE INDEX finding_by_row ON finding (row);
