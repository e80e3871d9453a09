//! Where a file goes and what stands beside it: devices, pipes and links, modes, the manifest's name, a full disk, what a
//! killed export left behind, a damaged local copy.

use serde_json::Value;

use crate::harness::*;

#[test]
fn each_file_has_a_manifest_of_its_own() {
    let work = Work::beside_sandbox();
    for name in ["a.xlsx", "a.csv"] {
        work.export(["agents", "-o", name]).exits(0);
    }
    for name in ["a.xlsx", "a.csv"] {
        let manifest: Value = serde_json::from_str(&work.read(format!("{name}.manifest.json"))).unwrap();
        assert_eq!(manifest["files"][0]["name"], name);
    }
    assert!(!work.path("a.manifest.json").exists());
    std::fs::write(work.path("~$a.xlsx"), "").unwrap();
    work.export("agents -o a.xlsx").exits(0);
    let manifest: Value = serde_json::from_str(&work.read("a-2.xlsx.manifest.json")).unwrap();
    assert_eq!(manifest["files"][0]["name"], "a-2.xlsx");
}

#[test]
fn a_damaged_local_copy_is_set_aside_with_a_word() {
    let work = Work::beside_sandbox();
    work.export("customers -o a.csv").exits(0);
    let mirror = std::fs::read_dir(work.path("state/mirrors"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .unwrap();
    let sound = std::fs::read(&mirror).unwrap();
    let mut holes = sound.clone();
    holes[4096..].fill(0x55);
    for damaged in [b"no database at all, whatever its name says".to_vec(), holes, sound[..sound.len() / 2].to_vec()] {
        std::fs::write(&mirror, &damaged).unwrap();
        work.bw8("mirror").exits(0).says("is damaged");
        let ran = work.export("customers -o a.csv --incremental");
        ran.exits(0).says("was damaged and is set aside as");
        assert_eq!(ran.json()["records"], 60, "{ran}");
        let aside = std::fs::read_dir(work.path("state/mirrors")).unwrap().map(|entry| entry.unwrap().path());
        assert!(aside.into_iter().any(|path| std::fs::read(path).unwrap() == damaged));
        work.export("customers -o a.csv --incremental").exits(0).never_says("damaged");
    }
    work.bw8("mirror clear").exits(0);
}

#[test]
fn a_reader_that_leaves_early_has_not_got_all_of_it() {
    let work = Work::beside_sandbox();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = work.command("export customers -o - --to csv --rate 0");
    let ran = command.stdout(writer).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(5), "{said}");
    assert!(said.contains("before all 60 customers were written"), "{said}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_written_through() {
        let work = Work::beside_sandbox();
        std::fs::create_dir(work.path("shared")).unwrap();
        std::fs::write(work.path("shared/real.csv"), "older").unwrap();
        symlink("shared/real.csv", work.path("link.csv")).unwrap();
        symlink("shared/new.csv", work.path("dangling.csv")).unwrap();
        for (link, file) in [("link.csv", "shared/real.csv"), ("dangling.csv", "shared/new.csv")] {
            work.export(["agents", "-o", link, "--columns", "sId"]).exits(0);
            assert!(work.path(link).is_symlink(), "{link} was replaced");
            assert!(work.rows(file).len() > 1);
        }
        symlink("circle.csv", work.path("circle.csv")).unwrap();
        work.export("agents -o circle.csv").exits_with_one_of(&[1, 2]);
    }

    #[test]
    fn devices_stay_devices() {
        let work = Work::beside_sandbox();
        work.export("agents -o /dev/null --to csv").exits(0);
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert!(!std::path::Path::new("/dev/null.manifest.json").exists());
        if std::path::Path::new("/dev/full").exists() {
            let ran = work.export("agents -o /dev/full --to csv");
            assert!(ran.exits(1).json()["error"]["message"].as_str().unwrap().contains("/dev/full"), "{ran}");
            assert!(std::fs::metadata("/dev/full").unwrap().file_type().is_char_device());
        }
        let ran = work.bw8("export agents -o /dev/stdout --to csv --rate 0");
        assert!(Table::of_csv(ran.exits(0).stdout()).len() > 1);
    }

    #[test]
    fn a_pipe_gets_the_whole_file_and_an_interrupt_ends_the_wait_for_a_reader() {
        let work = Work::beside_sandbox();
        let pipe = work.path("pipe");
        assert!(work.program("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        work.export("agents -o pipe --to csv").exits(0);
        assert!(Table::of_csv(&reader.join().unwrap()).len() > 1);
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        let child = work.start(work.command("export agents -o pipe --to csv --rate 0"));
        child.wait_until_it_says("waiting for pipe");
        child.signal("INT");
        child.ended().exits(130);
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_file_has_the_usual_mode_or_that_of_the_one_it_replaces() {
        let work = Work::beside_sandbox();
        let mode = |name: &str| std::fs::metadata(work.path(name)).unwrap().permissions().mode() & 0o777;
        for (mask, usual) in [("022", 0o644), ("007", 0o660)] {
            let script = format!(
                "umask {mask}; for file in a.csv a.xlsx a.jsonl; do rm -f $file; '{}' export agents -o $file --rate 0 || exit 1; done",
                env!("CARGO_BIN_EXE_bw8")
            );
            let mut shell = work.program("sh");
            shell.args(["-c", &script]);
            work.run(shell).exits(0);
            for name in ["a.csv", "a.xlsx", "a.jsonl"] {
                assert_eq!(mode(name), usual, "{name} under {mask}");
            }
        }
        std::fs::set_permissions(work.path("a.csv"), std::fs::Permissions::from_mode(0o604)).unwrap();
        work.export("agents -o a.csv").exits(0);
        assert_eq!(mode("a.csv"), 0o604);
        for entry in std::fs::read_dir(work.path("state/mirrors")).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_full_disk_is_named_in_every_format() {
        let work = Work::beside(Server::inside(|options| options.seed_size = "customers=5000".parse().unwrap()));
        work.export("customers -o first.csv").exits(0);
        for file in ["out.csv", "out.xlsx", "out.jsonl"] {
            std::fs::write(work.path(file), "older").unwrap();
            // No file may grow beyond 1500 blocks: the way out is tried with the mirror already filled.
            let script = format!(
                "trap '' XFSZ; ulimit -f 1500; exec '{}' export customers -o {file} --incremental --rate 0 --no-names",
                env!("CARGO_BIN_EXE_bw8")
            );
            let mut shell = work.program("sh");
            shell.args(["-c", &script]);
            let ran = work.run(shell);
            // The local copy may be the first to find no room.
            let is_named = ran.exits(1).stderr().contains(file) || ran.stderr().contains("the local copy cannot be");
            assert!(is_named, "{ran}");
            ran.never_says("ZipWriter");
            assert_eq!(work.read(file), "older");
        }
        let left: Vec<_> = std::fs::read_dir(work.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".bw8-")), "{left:?}");
    }

    #[test]
    fn what_a_killed_export_left_behind_is_swept_by_the_next() {
        let service = Service::start(|request| match request.path.strip_prefix("/users/") {
            Some(_) => (200, format!("{{\"user\":{}}}", customer(1))),
            None if request.path == "/users.json" => (200, page(&[1, 2, 3], request, 100, Some("3"))),
            None => unknown(),
        });
        let work = Work::at(&service.base_url());
        let staging = || {
            let names = std::fs::read_dir(work.path("")).unwrap().flatten().map(|entry| entry.file_name());
            names.filter(|name| name.to_string_lossy().starts_with(".bw8-")).count()
        };
        let command = "export customers -o out.csv --columns cId --details --rate 0 --concurrency 1";
        work.bw8(command).exits(0);
        let held = service.requests().iter().find(|request| request.path == "/users/1.json").unwrap().number;
        work.bw8("mirror clear").exits(0);
        service.hold(held);
        let child = work.start(work.command(command));
        service.wait_for_held();
        assert_eq!(staging(), 1);
        child.kill();
        assert_eq!(staging(), 1);
        service.release();
        work.bw8(command).exits(0);
        assert_eq!(staging(), 0);
    }
}

#[cfg(unix)]
#[test]
fn a_link_into_a_folder_that_is_not_there_is_refused_before_anything_is_read() {
    let work = Work::beside_sandbox();
    std::os::unix::fs::symlink("nowhere/out.csv", work.path("link.csv")).unwrap();
    work.export("agents -o link.csv").exits(2).says("there is no folder").never_says(".bw8-");
    std::fs::create_dir(work.path("nowhere")).unwrap();
    work.export("agents -o link.csv").exits(0);
    assert!(work.path("nowhere/out.csv").exists());
}

/// A folder may come there while the records are read.
#[test]
fn a_folder_that_comes_in_the_place_of_the_file_is_told_as_that() {
    let folder = std::sync::Arc::new(std::sync::OnceLock::<std::path::PathBuf>::new());
    let place = std::sync::Arc::clone(&folder);
    let service = Service::start(move |request| {
        std::fs::create_dir_all(place.get().unwrap()).unwrap();
        if request.path == "/users.json" { (200, page(&[1, 2], request, 100, Some("2"))) } else { unknown() }
    });
    let work = Work::at(&service.base_url());
    folder.set(work.path("out.csv")).unwrap();
    work.export("customers -o out.csv").exits(1).never_says("open in another program").says("folder");
    assert_eq!(std::fs::read_dir(work.path("out.csv")).unwrap().count(), 0);
}

#[test]
fn a_folder_in_the_place_of_what_stands_beside_a_file_leaves_the_older_one() {
    let work = Work::beside_sandbox();
    for (entity, folder) in [("tickets", "out.csv.manifest.json"), ("tags", "out-counts.csv")] {
        work.write("out.csv", "older");
        std::fs::create_dir(work.path(folder)).unwrap();
        work.export([entity, "-o", "out.csv"]).exits(1).says(folder).never_says("open in another program");
        assert_eq!(work.read("out.csv"), "older", "{folder}");
        std::fs::remove_dir(work.path(folder)).unwrap();
    }
}
