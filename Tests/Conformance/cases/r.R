# What programs in R do.
#: trees: r
#: limit: 120
### where_it_is
cat(R.home(), .libPaths(), file.path(R.home("share")), getwd(), Sys.getenv("R_HOME"), "\n"); print(rownames(installed.packages())); print(commandArgs()[1])
### files
D <- "/usr/share/conformance"; cat(readLines(file.path(D, "file"), warn = FALSE), file.info(file.path(D, "file"))$size, file.exists("/etc/conformance-only-on-host"), normalizePath(file.path(D, "absolute-link")), "\n"); print(sort(list.files(D, "^f"))); print(Sys.readlink(file.path(D, "relative-link"))); print(Sys.glob(file.path(D, "f*"))); dir.create("/desk/a/b", recursive = TRUE); file.copy(file.path(D, "file"), "/desk/a"); print(list.files("/desk", recursive = TRUE)); unlink("/desk/a", recursive = TRUE); setwd(D); print(getwd()); setwd("/"); setwd(".."); print(getwd()); print(path.expand("~")); print(file.info("/usr/share/conformance/file")$uname)
### programs
cat(system("cat /usr/share/conformance/file", intern = TRUE), "\n"); print(system2("/usr/share/conformance/script", c("a", "b"), stdout = TRUE)); print(system("exit 3")); p <- pipe("echo piped"); print(readLines(p)); close(p); print(Sys.which("ls")); print(suppressWarnings(system("/no/such", ignore.stderr = TRUE)))
### packages
library(stats); library(utils); library(grDevices); library(tools); print(coef(lm(dist ~ speed, cars))); x <- tempfile(tmpdir = "/desk"); saveRDS(cars, x); print(dim(readRDS(x))); unlink(x); write.csv(cars, "/desk/cars.csv"); print(dim(read.csv("/desk/cars.csv"))); source(textConnection("print(1)")); print(nchar(system.file("DESCRIPTION", package = "stats")) > 0); print(searchpaths())
### locale_and_time
print(Sys.getlocale("LC_CTYPE")); print(format(as.POSIXct(1700000000, origin = "1970-01-01", tz = "Europe/Berlin"))); print(iconv("\u20ac", "UTF-8", "ISO-8859-15", toRaw = TRUE)); print(Sys.setlocale("LC_ALL", "de_DE.UTF-8")); print(length(OlsonNames()) > 100); print(format(as.Date("2020-01-06"), "%A"))
### install_a_package limit=180
dir.create("/desk/lib"); dir.create("/desk/pkg/R", recursive = TRUE); writeLines(c("Package: pkg", "Version: 1.0", "Title: T", "License: X", "Description: D.", "Author: A", "Maintainer: A <a@b.c>"), "/desk/pkg/DESCRIPTION"); writeLines("export(f)", "/desk/pkg/NAMESPACE"); writeLines("f <- function() 42", "/desk/pkg/R/f.R"); print(system2("R", c("CMD", "INSTALL", "--no-docs", "-l", "/desk/lib", "/desk/pkg"), stdout = FALSE, stderr = FALSE)); library(pkg, lib.loc = "/desk/lib"); print(f()); unlink("/desk/lib", recursive = TRUE)
### parallel limit=180
library(parallel); print(unlist(mclapply(1:4, function(i) file.size("/usr/share/conformance/file"), mc.cores = 2))); c <- makeCluster(1); print(clusterEvalQ(c, R.home())); stopCluster(c)
