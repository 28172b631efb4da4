package io.github.influence4j.spark;

import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** What is done when the task of this thread ends, however it does. */
final class TaskEnd {

    private TaskEnd() {}

    static void run(Runnable work) {
        TaskCompletionListener listener = context -> work.run();
        TaskContext.get().addTaskCompletionListener(listener);
    }
}
