extension Launcher {
    static let r = Launcher(
        name: "r", programs: ["Rscript", "R"], companions: ["littler", "r"], variables: ["R_HOME", "R_BASE_VERSION"],
        scripts: [ScriptKind(suffixes: [".R", ".r"], commands: [["Rscript"]])],
        worker: Worker(file: "r.R", text: rWorker),
        sets: [
            FileSet(
                "r", "R and its packages", when: ["**/R/bin/*", "**/libR.so", "**/bin/Rscript", "**/bin/R"],
                [
                    "usr/lib/R/**", "usr/local/lib/R/**", "usr/share/R/**", "etc/R/**", "usr/lib/*/blas/**",
                    "usr/lib/*/lapack/**",
                ],
                except: [
                    "**/R/library/*/help/**", "**/R/library/*/html/**", "**/R/library/translations/**",
                    "**/R/include/**", "**/R/doc/**", "**/R/library/tcltk/**", "**/R/bin/libtool",
                    "**/R/bin/javareconf",
                ]),
            FileSet(
                "r-windows", "R's windows, where a script asks for them", words: ["tcltk", "tkplot", "rgl"],
                ["**/R/library/tcltk/**"]),
            FileSet(
                "r-packages", "R looks whether a package has this file, and does not open it", when: ["**/libR.so"],
                ["**/R/library/*/DESCRIPTION"], isTraced: false),
        ])

    private static let rWorker = #"""
        # Runs the function's script once for each request, in a fork of this process. See docs/launchers.md.
        local({
            requests <- file("/dev/fd/3", "r", blocking = TRUE, raw = TRUE)
            answers <- file("/dev/fd/4", "w", raw = TRUE)
            answer <- function(text) {
                cat(text, "\n", sep = "", file = answers)
                flush(answers)
            }
            for (name in strsplit(Sys.getenv("SCAR_PRELOAD"), "[[:space:],]+")[[1]])
                if (nzchar(name) && !requireNamespace(name, quietly = TRUE))
                    message("SCAR_PRELOAD: there is no package ", name)
            items <- function(path) {
                bytes <- readBin(path, "raw", file.size(path))
                ends <- which(bytes == 0L)
                starts <- c(1L, ends[-length(ends)] + 1L)
                mapply(function(from, to) rawToChar(bytes[seq_len(to - from) + from - 1L]), starts, ends)
            }
            # What ends the script early must say with which code, because nobody asks a child of R for it.
            leave <- function(save = "no", status = 0, runLast = FALSE)
                parallel:::mcexit(as.integer(status), as.integer(status))
            run <- function(request) {
                for (variable in request[-(1:2)]) {
                    end <- regexpr("=", variable, fixed = TRUE, useBytes = TRUE)
                    value <- list(substring(variable, end + 1L))
                    names(value) <- substring(variable, 1L, end - 1L)
                    do.call(Sys.setenv, value)
                }
                setwd(request[1])
                attach(list(q = leave, quit = leave), name = "scar", warn.conflicts = FALSE)
                status <- tryCatch({
                    source(request[2], local = globalenv(), print.eval = TRUE, keep.source = FALSE)
                    0L
                }, error = function(error) {
                    message("Error: ", conditionMessage(error), "\nExecution halted")
                    1L
                })
                leave(status = status)
            }
            answer("ready")
            repeat {
                line <- readLines(requests, 1L)
                if (!length(line)) break
                id <- sub(" .*", "", line)
                request <- items(sub("^[^ ]* ", "", line))
                child <- parallel:::mcfork()
                if (inherits(child, "masterProcess")) {
                    close(requests)
                    close(answers)
                    run(request)
                }
                while (!is.integer(parallel:::selectChildren(child, -1))) NULL
                told <- parallel:::readChild(child)
                if (is.raw(told)) {
                    # How often it was made raw depends on the version of R.
                    while (is.raw(told)) told <- unserialize(told)
                    parallel:::readChild(child)
                } else {
                    message("the script ended without telling its exit code")
                    told <- 1L
                }
                answer(paste("exit", id, told))
            }
        })

        """#
}
