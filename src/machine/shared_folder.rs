//! Folders that a run's journal had better not lie in: what a cloud drive carries to another machine, or what lies on another
//! machine, can be changed or held by somebody else while rows are sent.

use std::path::{Component, Path};

use crate::message;
use crate::message::Message;

/// How the folders of cloud drives begin, in small letters, and what people call the drive.
const DRIVES: &[(&str, &str)] = &[
    ("onedrive", "OneDrive"),
    ("dropbox", "Dropbox"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("icloud drive", "iCloud"),
    ("iclouddrive", "iCloud"),
    ("com~apple~clouddocs", "iCloud"),
    ("wpsdrive", "WPS 云盘"),
    ("wps云盘", "WPS 云盘"),
    ("wps cloud files", "WPS 云盘"),
    ("nutstore", "坚果云"),
    ("坚果云", "坚果云"),
    ("我的坚果云", "坚果云"),
    ("baidusyncdisk", "百度网盘"),
    ("百度网盘同步空间", "百度网盘"),
    ("微云同步", "微云"),
    ("seafile", "Seafile"),
    ("nextcloud", "Nextcloud"),
    ("synologydrive", "Synology Drive"),
];

/// What is to be said of a folder that others may write into, too; none of one on this machine alone.
pub fn shared_folder(folder: &Path) -> Option<Message> {
    let shown = folder.display();
    if is_on_another_machine(folder) {
        return Some(message!("machine.network_folder", folder = shown));
    }
    cloud_drive(folder).map(|drive| message!("machine.cloud_folder", folder = shown, drive = drive))
}

/// The cloud drive a folder belongs to, by the names of the folders it lies in.
fn cloud_drive(folder: &Path) -> Option<&'static str> {
    let names = folder.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().to_lowercase()),
        _ => None,
    });
    let drive_of = |name: String| DRIVES.iter().find(|(begin, _)| begins_with_word(&name, begin)).map(|(_, it)| *it);
    names.into_iter().find_map(drive_of)
}

/// `OneDrive - 示例公司` is one of OneDrive; `onedriver` is a folder of somebody's.
fn begins_with_word(name: &str, begin: &str) -> bool {
    name.strip_prefix(begin).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(windows)]
fn is_on_another_machine(folder: &Path) -> bool {
    use std::os::windows::ffi::OsStrExt;
    use std::path::Prefix;

    use windows_sys::Win32::Storage::FileSystem::GetDriveTypeW;
    /// `DRIVE_REMOTE` of the system's own headers.
    const REMOTE: u32 = 4;
    let Some(Component::Prefix(prefix)) = folder.components().next() else { return false };
    match prefix.kind() {
        Prefix::UNC(..) | Prefix::VerbatimUNC(..) => true,
        Prefix::Disk(_) => {
            let root: Vec<u16> = prefix.as_os_str().encode_wide().chain([u16::from(b'\\'), 0]).collect();
            // SAFETY: `root` ends with a zero.
            unsafe { GetDriveTypeW(root.as_ptr()) == REMOTE }
        }
        _ => false,
    }
}

/// Elsewhere the path of a folder does not tell.
#[cfg(not(windows))]
fn is_on_another_machine(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_cloud_drives_are_known_by_their_names() {
        for (folder, drive) in [
            ("OneDrive - 示例公司/导入/bw8-runs", Some("OneDrive")),
            ("home/OneDrive", Some("OneDrive")),
            ("home/我的坚果云/客户", Some("坚果云")),
            ("Documents/WPSDrive/130/WPS云盘", Some("WPS 云盘")),
            ("BaiduSyncdisk/a", Some("百度网盘")),
            ("Google Drive", Some("Google Drive")),
            ("home/onedriver/a", None),
            ("home/my dropbox notes", None),
            ("客户/bw8-runs", None),
        ] {
            assert_eq!(cloud_drive(Path::new(folder)), drive, "{folder}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn a_share_lies_on_another_machine_and_the_own_disk_does_not() {
        assert!(is_on_another_machine(Path::new(r"\\server.example.com\客户\bw8-runs")));
        assert!(!is_on_another_machine(Path::new(r"C:\客户")));
    }
}
