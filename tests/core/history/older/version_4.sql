PRAGMA application_id = 1969385576;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE "figure" (
    setup INTEGER NOT NULL REFERENCES setup (id),
    layer TEXT NOT NULL,
    weight_shape TEXT NOT NULL,
    output_shape TEXT NOT NULL,
    method TEXT NOT NULL,
    block_size INTEGER NOT NULL,
    sparsity REAL NOT NULL,
    dtype TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    value REAL NOT NULL,
    PRIMARY KEY (setup, layer, weight_shape, output_shape, method, block_size, sparsity, dtype, run_id)
) WITHOUT ROWID;
INSERT INTO "figure" VALUES(1,'conv','8x4x1x1','1x8x5x6','bed',4,0.75,'fp32',1,400.0);
INSERT INTO "figure" VALUES(1,'conv','8x4x1x1','1x8x5x6','bed',4,0.75,'fp32',2,300.0);
INSERT INTO "figure" VALUES(1,'conv','8x4x1x1','1x8x5x6','dense',0,0.0,'fp32',1,1000.0);
INSERT INTO "figure" VALUES(1,'conv','8x4x1x1','1x8x5x6','dense',0,0.0,'fp32',2,900.0);
INSERT INTO "figure" VALUES(1,'head','3x8','1x3x1x1','bed',4,0.75,'fp32',1,401.0);
INSERT INTO "figure" VALUES(1,'head','3x8','1x3x1x1','bed',4,0.75,'fp32',2,301.0);
INSERT INTO "figure" VALUES(1,'head','3x8','1x3x1x1','dense',0,0.0,'fp32',1,1001.0);
INSERT INTO "figure" VALUES(1,'head','3x8','1x3x1x1','dense',0,0.0,'fp32',2,901.0);
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    figure TEXT NOT NULL,
    title TEXT NOT NULL,
    model TEXT NOT NULL,
    layers INTEGER NOT NULL,
    planned INTEGER NOT NULL,
    failure TEXT NOT NULL,
    record TEXT NOT NULL
, setup INTEGER REFERENCES setup (id));
INSERT INTO "run" VALUES(1,'','adb:X','adb','latency','Phone','toy',2,0,'','{"device": "adb:X", "kind": "adb", "figure": "latency", "title": "Phone", "started": "", "model": "toy", "settings": {"threads": 1, "cores": null}, "facts": {}, "layers": [{"layer": "conv", "input_shape": "", "output_shape": "1x8x5x6", "variants": [{"label": "dense", "method": "dense", "block_size": 0, "sparsity": 0.0, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 1000.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}, {"label": "bed N=4 s=0.75", "method": "bed", "block_size": 4, "sparsity": 0.75, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 400.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}], "warnings": [], "weight_shape": "8x4x1x1"}, {"layer": "head", "input_shape": "", "output_shape": "1x3x1x1", "variants": [{"label": "dense", "method": "dense", "block_size": 0, "sparsity": 0.0, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 1001.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}, {"label": "bed N=4 s=0.75", "method": "bed", "block_size": 4, "sparsity": 0.75, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 401.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}], "warnings": [], "weight_shape": "3x8"}], "planned": [], "failure": "", "seconds": 0.0, "extra": {"criterion": "l1"}}',1);
INSERT INTO "run" VALUES(2,'','adb:X','adb','latency','Phone','toy',2,0,'','{"device": "adb:X", "kind": "adb", "figure": "latency", "title": "Phone", "started": "", "model": "toy", "settings": {"threads": 1, "cores": null}, "facts": {}, "layers": [{"layer": "conv", "input_shape": "", "output_shape": "1x8x5x6", "variants": [{"label": "dense", "method": "dense", "block_size": 0, "sparsity": 0.0, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 900.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}, {"label": "bed N=4 s=0.75", "method": "bed", "block_size": 4, "sparsity": 0.75, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 300.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}], "warnings": [], "weight_shape": "8x4x1x1"}, {"layer": "head", "input_shape": "", "output_shape": "1x3x1x1", "variants": [{"label": "dense", "method": "dense", "block_size": 0, "sparsity": 0.0, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 901.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}, {"label": "bed N=4 s=0.75", "method": "bed", "block_size": 4, "sparsity": 0.75, "kernel": "k", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": null, "median_ns": 301.0, "p90_ns": null, "instructions": null, "retained": null, "file_bytes": 0, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": [], "profile": []}], "warnings": [], "weight_shape": "3x8"}], "planned": [], "failure": "", "seconds": 0.0, "extra": {"criterion": "l1"}}',1);
CREATE TABLE samples (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    layer INTEGER NOT NULL,
    variant INTEGER NOT NULL,
    ns BLOB NOT NULL,
    PRIMARY KEY (run_id, layer, variant)
) WITHOUT ROWID;
INSERT INTO "samples" VALUES(1,0,0,X'789C636480000000100002');
INSERT INTO "samples" VALUES(1,0,1,X'789C636480000000100002');
INSERT INTO "samples" VALUES(1,1,0,X'789C636480000000100002');
INSERT INTO "samples" VALUES(1,1,1,X'789C636480000000100002');
INSERT INTO "samples" VALUES(2,0,0,X'789C636480000000100002');
INSERT INTO "samples" VALUES(2,0,1,X'789C636480000000100002');
INSERT INTO "samples" VALUES(2,1,0,X'789C636480000000100002');
INSERT INTO "samples" VALUES(2,1,1,X'789C636480000000100002');
CREATE TABLE setup (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    device TEXT NOT NULL,
    figure TEXT NOT NULL,
    threads INTEGER NOT NULL,
    cores TEXT NOT NULL,
    criterion TEXT NOT NULL,
    UNIQUE (model, device, figure, threads, cores, criterion)
);
INSERT INTO "setup" VALUES(1,'toy','adb:X','latency',1,'','l1');
CREATE INDEX run_of_setup ON run (setup);
CREATE INDEX figure_of_run ON figure (run_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',2);
COMMIT;
