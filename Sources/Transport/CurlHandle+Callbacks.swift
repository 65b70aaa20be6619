internal import CCurl

// curl calls back with an opaque argument: the exchange, which the caller of `perform` keeps alive.
extension CurlHandle {
    /// Makes the transfer, and tells `exchange` what comes of it.
    func perform(_ exchange: CurlExchange, headerLines: [String], fixedAddresses: [String]) -> CURLcode {
        let argument = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        unsafe connect(to: argument)
        set(CURLOPT_NOPROGRESS, 0)
        return withExtendedLifetime(exchange) { perform(headerLines: headerLines, fixedAddresses: fixedAddresses) }
    }

    @unsafe private func connect(to argument: UnsafeMutableRawPointer) {
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_XFERINFODATA,
            CURLOPT_PREREQDATA,
        ] {
            unsafe set(option, pointer: argument)
        }
        unsafe set(CURLOPT_WRITEFUNCTION) { bytes, size, count, argument in
            guard let exchange = unsafe CurlExchange.from(argument) else { return 0 }
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe exchange.body(buffer) ? size * count : 0
        }
        unsafe set(CURLOPT_HEADERFUNCTION) { bytes, size, count, argument in
            guard let exchange = unsafe CurlExchange.from(argument) else { return 0 }
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe exchange.header(buffer) ? size * count : 0
        }
        unsafe set(CURLOPT_READFUNCTION) { bytes, size, count, argument in
            guard let exchange = unsafe CurlExchange.from(argument) else { return Int(CURL_READFUNC_ABORT) }
            let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            return unsafe exchange.bodyToSend(buffer) ?? Int(CURL_READFUNC_ABORT)
        }
        unsafe setSeek { argument, offset, origin in
            guard let exchange = unsafe CurlExchange.from(argument), origin == 0, exchange.rewind(to: Int(offset))
            else { return CURL_SEEKFUNC_FAIL }
            return CURL_SEEKFUNC_OK
        }
        unsafe setProgress { argument, _, _, _, _ in
            guard let exchange = unsafe CurlExchange.from(argument) else { return 1 }
            return exchange.goesOn() ? 0 : 1
        }
        unsafe setConnected { argument, remote, _, _, _ in
            guard let exchange = unsafe CurlExchange.from(argument), let remote = unsafe remote
            else { return CURL_PREREQFUNC_ABORT }
            return exchange.connected(to: unsafe String(cString: remote)) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
    }
}

extension CurlExchange {
    /// The exchange behind a callback's argument.
    @unsafe fileprivate static func from(_ argument: UnsafeMutableRawPointer?) -> CurlExchange? {
        guard let argument = unsafe argument else { return nil }
        return unsafe Unmanaged<CurlExchange>.fromOpaque(argument).takeUnretainedValue()
    }
}
