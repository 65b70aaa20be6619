internal import CCurl

/// One of curl's transfers, with the connections it keeps open. For one thread at a time.
@safe final class CurlHandle {
    /// The first thing curl refused since the last reset.
    private(set) var refusal = CURLE_OK

    private let easy: UnsafeMutableRawPointer
    private let messageBuffer: UnsafeMutablePointer<CChar>
    private let share: CurlShare

    init(share: CurlShare) {
        // Fails without memory only, which leaves nothing to go on with.
        guard let easy = unsafe curl_easy_init() else { preconditionFailure("curl has no handle to give") }
        unsafe self.easy = easy
        unsafe messageBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.share = share
        if let pointer = unsafe share.pointer { unsafe set(CURLOPT_SHARE, pointer: pointer) }
    }

    /// Forgets every option; connections and shared caches stay.
    func reset() {
        unsafe curl_easy_reset(easy)
        refusal = CURLE_OK
        unsafe messageBuffer.pointee = 0
        unsafe set(CURLOPT_ERRORBUFFER, pointer: messageBuffer)
    }

    func set(_ option: CURLoption, _ value: Int) {
        unsafe check(ccurl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, offset: Int) {
        unsafe check(ccurl_set_offset(easy, option, curl_off_t(offset)))
    }

    func set(_ option: CURLoption, _ text: String) {
        unsafe check(ccurl_set_string(easy, option, text))
    }

    /// curl keeps a copy of the bytes.
    func set(_ option: CURLoption, blob: [UInt8]) {
        unsafe blob.withUnsafeBytes { bytes in
            unsafe check(ccurl_set_blob(easy, option, bytes.baseAddress, bytes.count))
        }
    }

    @unsafe func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
        unsafe check(ccurl_set_pointer(easy, option, pointer))
    }

    @unsafe func set(_ option: CURLoption, callback: @escaping ccurl_data_callback) {
        unsafe check(ccurl_set_data_callback(easy, option, callback))
    }

    @unsafe func setSeek(_ callback: @escaping ccurl_seek_callback) {
        unsafe check(ccurl_set_seek_callback(easy, callback))
    }

    @unsafe func setProgress(_ callback: @escaping ccurl_progress_callback) {
        unsafe check(ccurl_set_progress_callback(easy, callback))
    }

    @unsafe func setConnected(_ callback: @escaping ccurl_connected_callback) {
        unsafe check(ccurl_set_connected_callback(easy, callback))
    }

    /// Makes the transfer that the options describe.
    func perform(headerLines: [String], fixedAddresses: [String]) -> CURLcode {
        var lists: (headers: UnsafeMutablePointer<curl_slist>?, addresses: UnsafeMutablePointer<curl_slist>?)
        for line in headerLines { unsafe lists.headers = curl_slist_append(lists.headers, line) }
        for line in fixedAddresses { unsafe lists.addresses = curl_slist_append(lists.addresses, line) }
        unsafe set(CURLOPT_HTTPHEADER, pointer: lists.headers)
        unsafe set(CURLOPT_RESOLVE, pointer: lists.addresses)
        defer {
            unsafe set(CURLOPT_HTTPHEADER, pointer: nil)
            unsafe set(CURLOPT_RESOLVE, pointer: nil)
            unsafe curl_slist_free_all(lists.headers)
            unsafe curl_slist_free_all(lists.addresses)
        }
        return refusal == CURLE_OK ? unsafe curl_easy_perform(easy) : refusal
    }

    /// What curl says about the last failure.
    func message(for code: CURLcode) -> String {
        let detail = unsafe String(cString: messageBuffer)
        return detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    }

    private func check(_ code: CURLcode) {
        if refusal == CURLE_OK { refusal = code }
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe messageBuffer.deallocate()
    }
}

/// Names and TLS sessions that the handles of one transport share.
@safe final class CurlShare: @unchecked Sendable {
    // Unchecked: the pointer never changes, and what it points to has its own locks.
    private let shared: UnsafeMutablePointer<ccurl_share>?

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() {
        precondition(Self.isReady, "curl cannot be set up")
        unsafe shared = ccurl_share_create()
    }

    @unsafe var pointer: UnsafeMutableRawPointer? {
        guard let shared = unsafe shared else { return nil }
        return unsafe ccurl_share_handle(shared)
    }

    deinit { unsafe ccurl_share_free(shared) }
}
