PRAGMA application_id = 1969385576;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
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
);
INSERT INTO "run" VALUES(1,'2025-01-02T03:04:05+00:00','adb:X','adb','latency','Phone','toy',1,2,'cancelled','{"device": "adb:X", "kind": "adb", "figure": "latency", "title": "Phone", "started": "2025-01-02T03:04:05+00:00", "model": "toy", "settings": {"threads": 1}, "facts": {"model": "Phone", "abis": ["arm64-v8a"]}, "layers": [{"layer": "a, \"b\"\n\u00dc", "input_shape": "1x2x3x3", "output_shape": "1x4x3x3", "variants": [{"label": "dense", "method": "dense", "block_size": 0, "sparsity": 0.0, "kernel": "dense", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": 200, "median_ns": 201.0, "p90_ns": 202, "file_bytes": 0, "multiply_adds": 0, "celsius_before": 30.5, "celsius_after": null, "moved": false, "notes": []}, {"label": "bed N=4 s=0.75", "method": "bed", "block_size": 4, "sparsity": 0.75, "kernel": "ubp", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": 100, "median_ns": 100.5, "p90_ns": 101, "file_bytes": 10, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": ["clock -12 %"]}], "warnings": ["few samples"]}], "planned": ["a, \"b\"\n\u00dc", "second"], "failure": "cancelled", "seconds": 1.5, "extra": {}}');
INSERT INTO "run" VALUES(2,'2025-01-02T03:04:05+00:00','adb:X','adb','latency','Phone','second',1,2,'','{"device": "adb:X", "kind": "adb", "figure": "latency", "title": "Phone", "started": "2025-01-02T03:04:05+00:00", "model": "second", "settings": {"threads": 1}, "facts": {"model": "Phone", "abis": ["arm64-v8a"]}, "layers": [{"layer": "a, \"b\"\n\u00dc", "input_shape": "1x2x3x3", "output_shape": "1x4x3x3", "variants": [{"label": "dense", "method": "dense", "block_size": 0, "sparsity": 0.0, "kernel": "dense", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": 200, "median_ns": 201.0, "p90_ns": 202, "file_bytes": 0, "multiply_adds": 0, "celsius_before": 30.5, "celsius_after": null, "moved": false, "notes": []}, {"label": "bed N=4 s=0.75", "method": "bed", "block_size": 4, "sparsity": 0.75, "kernel": "ubp", "check": "ok", "checksum": "aa", "samples_ns": [], "min_ns": 100, "median_ns": 100.5, "p90_ns": 101, "file_bytes": 10, "multiply_adds": 0, "celsius_before": null, "celsius_after": null, "moved": false, "notes": ["clock -12 %"]}], "warnings": ["few samples"]}], "planned": ["a, \"b\"\n\u00dc", "second"], "failure": "", "seconds": 1.5, "extra": {}}');
CREATE TABLE samples (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    layer INTEGER NOT NULL,
    variant INTEGER NOT NULL,
    ns BLOB NOT NULL,
    PRIMARY KEY (run_id, layer, variant)
) WITHOUT ROWID;
INSERT INTO "samples" VALUES(1,0,0,X'789C3BC1000127A1F429287D1A4A9F81D2005E8803F3');
INSERT INTO "samples" VALUES(1,0,1,X'789C4B618080140234002F0801F5');
INSERT INTO "samples" VALUES(2,0,0,X'789C3BC1000127A1F429280D0025B8025C');
INSERT INTO "samples" VALUES(2,0,1,X'789C4B61808014341A0012D8012D');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',2);
COMMIT;
