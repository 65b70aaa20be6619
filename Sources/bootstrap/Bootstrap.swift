internal import CSupervisor

/// The supervisor as a program: Lambda's `bootstrap`. All it does is in the Supervisor sources, which are compiled
/// into it.
@main struct Bootstrap {
    static func main() {
        csupervisor_exit(Startup.run())
    }
}
