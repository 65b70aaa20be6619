#!/usr/bin/env Rscript
# What a table of numbers says: its columns, how they go together, and a straight line through the first two.
#
# In:  $INPUT_FILE_PATH                a CSV file with a line of names; columns that are no numbers are left out
# Out: $TMP_OUTPUT_DIR/report.txt      summary, correlations, linear model
#      $TMP_OUTPUT_DIR/plots.pdf       the line, and a histogram of each column

variable <- function(name, meaning) {
    value <- Sys.getenv(name)
    if (value == "") stop(name, " is not set: ", meaning, call. = FALSE)
    value
}

input <- variable("INPUT_FILE_PATH", "this function wants a CSV file, uploaded to its input bucket")
output <- variable("TMP_OUTPUT_DIR", "it names the folder that is uploaded")

table <- read.csv(input)
numbers <- table[vapply(table, is.numeric, logical(1))]
if (ncol(numbers) < 2 || nrow(numbers) < 3) {
    stop(basename(input), " has fewer than two columns of numbers, or fewer than three rows", call. = FALSE)
}
x <- numbers[[1]]
y <- numbers[[2]]
model <- lm(y ~ x)

# Rounded by ourselves: a linear algebra library may differ in the last digits.
options(width = 100)
sink(file.path(output, "report.txt"))
cat(nrow(numbers), "rows;", paste(names(numbers), collapse = ", "), "\n\n")
statistics <- vapply(numbers, function(column) {
    c(mean = mean(column), sd = sd(column), quantile(column, c(0, 0.25, 0.5, 0.75, 1)))
}, numeric(7))
print(formatC(t(statistics), format = "f", digits = 3), quote = FALSE)
cat("\nCorrelations\n")
print(formatC(cor(numbers), format = "f", digits = 3), quote = FALSE)
cat(sprintf(
    "\n%s = %.3f + %.3f * %s, which explains %.1f %% of the variance\n",
    names(numbers)[2], coef(model)[[1]], coef(model)[[2]], names(numbers)[1], 100 * summary(model)$r.squared
))
sink()

# The pdf device draws by itself: it needs neither X11 nor fonts of the system.
pdf(file.path(output, "plots.pdf"), width = 7, height = 5)
plot(x, y, xlab = names(numbers)[1], ylab = names(numbers)[2], pch = 19)
abline(model, col = "firebrick", lwd = 2)
for (name in names(numbers)) hist(numbers[[name]], main = name, xlab = "", col = "grey80")
invisible(dev.off())

cat(nrow(numbers), "rows,", ncol(numbers), "columns of numbers\n")
