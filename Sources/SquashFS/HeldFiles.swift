internal import CSupervisor

/// A file of the tree whose bytes are still to come. It has its size, mode and time.
final class HeldFile {
    let output: OpenFile
    let path: [UInt8]
    let data: FileStretch
    let attributes: UnpackAttributes

    init(_ output: consuming OpenFile, _ path: [UInt8], _ data: FileStretch, _ attributes: UnpackAttributes) {
        self.output = output
        self.path = path
        self.data = data
        self.attributes = attributes
    }
}

/// The files that one thread has to bring the bytes of. Others who open one are kept waiting by the kernel meanwhile.
///
/// It belongs to the thread that made it: descriptors are valid in that thread's table alone.
@safe final class HeldFiles {
    private let holder: OpaquePointer
    /// In the order of their data, once they are to be filled; nil for those that have it.
    private(set) var files: [HeldFile?] = []
    private var bytes = 0
    private let mostBytes: Int
    private var first = 0
    /// The highest number that a file's descriptor has.
    private var highest: Int32 = 0

    /// Descriptors for the image and for what is opened in passing.
    private static var spareDescriptors: Int { 64 }

    /// - Parameter mostBytes: when the files held have so many bytes, it takes no more: then more threads share them.
    /// - Returns: nil when the kernel cannot keep anybody waiting.
    init?(mostBytes: Int) {
        guard let holder = unsafe csupervisor_holder_make() else { return nil }
        unsafe self.holder = holder
        self.mostBytes = mostBytes
    }

    deinit { unsafe csupervisor_holder_free(holder) }

    /// Whether the thread has descriptors of its own, so that another can hold as many.
    var isApart: Bool { unsafe csupervisor_holder_is_apart(holder) != 0 }
    /// Whether somebody waits for one of the files.
    var isWanted: Bool { unsafe csupervisor_wanted(holder) > 0 }
    var descriptors: [Int32] { files.compactMap { $0?.output.descriptor } }

    func isFull(beside folders: Int) -> Bool {
        bytes >= mostBytes
            || max(files.count + folders, Int(highest)) + Self.spareDescriptors >= Int(csupervisor_most_descriptors())
    }

    func hold(_ file: HeldFile) throws(SquashError) {
        let failure = unsafe csupervisor_hold(holder, file.output.descriptor)
        guard failure == 0 else { throw SquashError(.noLeases, errorNumber: -failure) }
        files.append(file)
        highest = max(highest, file.output.descriptor)
        bytes += file.data.storedBytes
    }

    func sort() {
        files.sort { ($0?.data.place ?? 0) < ($1?.data.place ?? 0) }
    }

    /// Where the next file's data is in the image; nil when all have theirs.
    var place: UInt64? {
        while first < files.count, files[first] == nil { first += 1 }
        return first < files.count ? files[first]?.data.place : nil
    }

    /// The file that somebody waits for, else the next.
    func next() -> Int? {
        guard place != nil else { return nil }
        if isWanted {
            for index in first..<files.count {
                guard let file = files[index] else { continue }
                if unsafe csupervisor_wanted_since(holder, file.output.descriptor) != 0 { return index }
            }
        }
        return first
    }

    /// Lets those in who wait for a file that has its bytes.
    func letGo(_ index: Int) throws(SquashError) {
        guard let descriptor = files[index]?.output.descriptor else { return }
        try checkPatience(index)
        // It is the array's alone, so this closes it: not unlocked before, for the lease must end with the last use for
        // writing, which execve would mind.
        files[index] = nil
        unsafe csupervisor_let_go(holder, descriptor)
    }

    /// Throws when somebody has waited for a file nearly as long as the kernel lets them: they are to find it empty, and not
    /// half of it.
    func checkPatience(_ index: Int) throws(SquashError) {
        guard let file = files[index] else { return }
        let since = unsafe csupervisor_wanted_since(holder, file.output.descriptor)
        let longest = csupervisor_longest_wait()
        guard since == 0 || csupervisor_monotonic_nanoseconds() - since < longest - longest / 8 else {
            throw SquashError(.tooSlow, path: file.path)
        }
    }

    /// Empties what has not got its bytes: who waits for it must not take what is there for the file.
    func giveUp() {
        for file in files { try? file?.output.truncate(to: 0) }
        files = []
    }

    /// Grows whenever somebody begins to wait, for a file of whatever thread.
    static var waits: UInt32 { csupervisor_all_wanted() }
}
