-- What the version before wrote in a run of customers.csv that was stopped by --limit 6, in English; the index of runs.
CREATE TABLE run (
  run TEXT PRIMARY KEY, folder TEXT NOT NULL, target TEXT NOT NULL, host TEXT NOT NULL, entity TEXT NOT NULL,
  mode TEXT NOT NULL, input TEXT NOT NULL, input_path TEXT NOT NULL, parent TEXT, started INTEGER NOT NULL) STRICT;
INSERT INTO "run" VALUES('01a2156d-7c53-71b6-9433-89f4a4f276e3','{folder}/run','http://{host}/api/v1 demo@example.com','{host}','customers','create','821a3c7ae96c56df34d0ca69a8a43012','{folder}/customers.csv',NULL,1795655826516);
CREATE INDEX run_by_input ON run (target, entity, input);
CREATE INDEX run_by_path ON run (target, entity, input_path);
