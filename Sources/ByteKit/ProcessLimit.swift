internal import CSystem

/// A limit of the kernel's on a process and on what it starts from then on.
package enum ProcessLimit {
    case openFiles, processes, coreSize

    /// Lowers the limit; what was lower stays.
    package func lower(to value: UInt64, of process: Int32) throws(FileError) {
        let what =
            switch self {
            case .openFiles: csystem_open_files
            case .processes: csystem_processes
            case .coreSize: csystem_core_size
            }
        guard csystem_limit(process, Int32(what), value) == 0 else {
            throw FileError("limit", "process \(process)")
        }
    }
}
